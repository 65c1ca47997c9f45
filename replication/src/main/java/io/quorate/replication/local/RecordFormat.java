package io.quorate.replication.local;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.zip.CRC32C;

/**
 * The bytes of the log.
 *
 * <pre>
 * segment   32 bytes of header: magic "QSG1", number (4), sequence of its first group (8),
 *           whether groups are forced one by one (4), zero (8), CRC32C of all before (4);
 *           then groups, each at a multiple of 16; then zeros
 * group     length of its records (4), CRC32C of sequence and records (4), sequence (8), records
 * record    CRC32C of all behind (4), length of all behind (4), kind (1: 0 cell, 1 forgotten),
 *           key as a block, and of a cell the {@link Cell}
 * </pre>
 *
 * <p>What is forced together is one group: a group is written after the one before it is durable,
 * so a damaged group with a good one behind it is damage and not a crash.
 */
final class RecordFormat {
  static final int MAGIC = 0x51534731;
  static final int SEGMENT_HEADER_BYTES = 32;
  static final int GROUP_HEADER_BYTES = 16;
  static final int ALIGNMENT = 16;
  static final int RECORD_HEADER_BYTES = 8;
  static final int MAX_RECORD_BYTES = 64 << 20;

  private static final int CELL = 0;
  private static final int FORGOTTEN = 1;

  private RecordFormat() {}

  /** A record as read: no cell if the key was forgotten. */
  record Parsed(Key key, Cell cell) {
    boolean isForgotten() {
      return cell == null;
    }
  }

  static int aligned(int offset) {
    return offset + ALIGNMENT - 1 & -ALIGNMENT;
  }

  static byte[] segmentHeader(int number, long firstSequence, boolean forced) {
    ByteWriter out = new ByteWriter(SEGMENT_HEADER_BYTES);
    out.int32(MAGIC).int32(number).int64(firstSequence).int32(forced ? 1 : 0).int64(0);
    return out.int32(crc(out.array(), 0, out.size())).toByteArray();
  }

  /** Appends a record; returns its length. */
  static int write(ByteWriter out, Key key, Cell cell) {
    int start = out.size();
    out.int32(0).int32(0).int8(cell == null ? FORGOTTEN : CELL).block(key.bytes());
    if (cell != null) {
      cell.write(out);
    }
    int length = out.size() - start;
    out.setInt32(start + 4, length - RECORD_HEADER_BYTES);
    out.setInt32(start, crc(out.array(), start + 4, length - 4));
    return length;
  }

  /** Reads the record that fills {@code bytes}; nothing if its checksum does not match. */
  static Parsed parse(byte[] bytes, int from, int length) {
    ByteReader in = new ByteReader(bytes, from, length);
    if (length < RECORD_HEADER_BYTES
        || in.int32() != crc(bytes, from + 4, length - 4)
        || in.int32() != length - RECORD_HEADER_BYTES) {
      throw in.malformed("checksum of a record does not match");
    }
    int kind = in.uint8();
    Key key = new Key(in.block());
    Cell cell = kind == CELL ? Cell.read(in, MAX_RECORD_BYTES) : null;
    in.expectEnd();
    return new Parsed(key, cell);
  }

  static int groupCrc(byte[] bytes, int from, int length) {
    return crc(bytes, from, length);
  }

  static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
