package io.quorate.core.wal;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.StorageException;
import java.util.zip.CRC32C;

/**
 * The first 64 bytes of a segment, written and synced before the segment is used; numbers are
 * big-endian.
 *
 * <pre>
 * offset size field
 *      0    8 magic "QRATEWAL"
 *      8    4 format version: 1 if the file was all zeros behind the header when it was made, 2 if
 *             it had been a segment before, so that old bytes may stand behind the first {@value
 *             #BLANK_BYTES}
 *     12    4 size of the file
 *     16    8 number of the segment, as in its name; one more than the one before
 *     24    8 position in the log at which the file begins
 *     32    8 nonce of the log, as in its manifest
 *     40   20 zeros
 *     60    4 CRC32C of the 60 bytes before
 * </pre>
 */
record SegmentHeader(int segmentBytes, long number, long base, long nonce, boolean recycled) {
  static final int BYTES = 64;
  /** Up to here there are zeros behind the header of every segment that was never written to. */
  static final int BLANK_BYTES = 512;

  private static final int FRESH = 1;
  private static final int RECYCLED = 2;

  private static final long MAGIC = 0x515241544557414cL; // "QRATEWAL"
  private static final int CHECKSUM_AT = 60;
  private static final int UNUSED_BYTES = 20;

  byte[] encode() {
    ByteWriter writer = new ByteWriter(BYTES);
    writer.int64(MAGIC).int32(recycled ? RECYCLED : FRESH).int32(segmentBytes);
    writer.int64(number).int64(base).int64(nonce);
    writer.bytes(new byte[UNUSED_BYTES]);
    return writer.int32(checksum(writer.array())).toByteArray();
  }

  /**
   * Reads a header.
   *
   * @throws CorruptionException if it is damaged
   * @throws StorageException if a newer release has written it
   */
  static SegmentHeader decode(String path, byte[] bytes) {
    if (bytes.length < BYTES) {
      throw new CorruptionException(
          path, 0, "a header of " + bytes.length + " bytes, not " + BYTES);
    }
    ByteReader reader = new ByteReader(bytes);
    if (reader.int64() != MAGIC) {
      throw new CorruptionException(path, 0, "not a segment of a write-ahead log");
    }
    int version = reader.int32();
    boolean intact = checksum(bytes) == new ByteReader(bytes, CHECKSUM_AT, 4).int32();
    if (version > RECYCLED && intact) {
      throw new StorageException(
          path + " has format " + version + " at offset 8; this release reads up to " + RECYCLED);
    }
    if (version < FRESH || version > RECYCLED || !intact) {
      throw new CorruptionException(path, 0, "the header's checksum does not match");
    }
    return new SegmentHeader(
        reader.int32(), reader.int64(), reader.int64(), reader.int64(), version == RECYCLED);
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, CHECKSUM_AT);
    return (int) crc.getValue();
  }
}
