package io.quorate.core.pubsub;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.zip.CRC32C;

/**
 * The state of a {@link BrokerCore} at one moment. Immutable: it may be written by any thread while
 * the core goes on.
 *
 * <pre>
 * blocks, each   int32 length | int32 CRC32C of the bytes | bytes
 * first block    int8 version 1 | state as {@link BrokerStateCodec} draws it
 * then, for each partition of each topic in their order: blocks of
 *                (varint sequence | varint timestampMillis | Message | bool replyTo? | [ReplyTo])*
 *                and an empty block
 * </pre>
 */
public final class BrokerSnapshot {
  private static final int VERSION = 1;
  private static final int BLOCK_BYTES = 64 << 10;
  private static final int HEADER_BYTES = 8;
  private static final int READ_STEP = 1 << 20;

  private final byte[] state;
  private final List<List<PartitionLog.Slice>> logs;

  private BrokerSnapshot(byte[] state, List<List<PartitionLog.Slice>> logs) {
    this.state = state;
    this.logs = logs;
  }

  /** What was read. */
  record Restored(Turn turn, SortedMap<String, BrokerSession> sessions) {}

  static BrokerSnapshot of(Turn turn, SortedMap<String, BrokerSession> sessions) {
    ByteWriter out = new ByteWriter(1 << 12);
    out.int8(VERSION);
    BrokerStateCodec.write(out, turn, sessions);
    List<List<PartitionLog.Slice>> logs = new ArrayList<>();
    for (Topic topic : turn.topics.values()) {
      topic.partitions.forEach(partition -> logs.add(partition.log.capture()));
    }
    return new BrokerSnapshot(out.toByteArray(), logs);
  }

  /** Writes the state; {@code out} should be buffered. May be called again. */
  public void writeTo(OutputStream out) throws IOException {
    writeBlock(out, state, state.length);
    ByteWriter block = new ByteWriter(BLOCK_BYTES + (1 << 12));
    for (List<PartitionLog.Slice> slices : logs) {
      for (PartitionLog.Slice slice : slices) {
        for (int i = slice.from(); i < slice.to(); i++) {
          write(block, slice.entries()[i]);
          if (block.size() >= BLOCK_BYTES) {
            writeBlock(out, block.array(), block.size());
            block.clear();
          }
        }
      }
      if (block.size() > 0) {
        writeBlock(out, block.array(), block.size());
        block.clear();
      }
      writeBlock(out, block.array(), 0);
    }
  }

  private static void write(ByteWriter out, Entry entry) {
    out.varint(entry.sequence()).varint(entry.timestampMillis());
    Fields.write(out, entry.message());
    out.bool(entry.replyTo() != null);
    if (entry.replyTo() != null) {
      Fields.write(out, entry.replyTo());
    }
  }

  private static Entry entry(ByteReader in) {
    return new Entry(
        in.varint(), in.varint(), Fields.message(in), in.bool() ? Fields.replyTo(in) : null);
  }

  static Restored read(InputStream in) throws IOException {
    ByteReader state = new ByteReader(readBlock(in));
    Fields.version(state, VERSION, "broker snapshot");
    Restored restored = BrokerStateCodec.read(state);
    for (Topic topic : restored.turn().topics.values()) {
      for (Topic.Partition partition : topic.partitions) {
        readLog(in, partition.log);
        restored.turn().agenda.update(partition);
      }
    }
    return restored;
  }

  private static void readLog(InputStream in, PartitionLog log) throws IOException {
    long end = log.end();
    long next = log.start();
    for (byte[] block = readBlock(in); block.length > 0; block = readBlock(in)) {
      ByteReader reader = new ByteReader(block);
      while (reader.remaining() > 0) {
        Entry entry = entry(reader);
        if (entry.sequence() < next || entry.sequence() >= end) {
          throw reader.malformed(
              "entry " + entry.sequence() + " outside of " + next + " to " + end);
        }
        log.append(entry);
        next = log.end();
      }
    }
    log.reset(log.start(), end);
  }

  private static void writeBlock(OutputStream out, byte[] bytes, int length) throws IOException {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    ByteWriter header = new ByteWriter(HEADER_BYTES);
    header.int32(length).int32((int) crc.getValue());
    out.write(header.array(), 0, HEADER_BYTES);
    out.write(bytes, 0, length);
  }

  private static byte[] readBlock(InputStream in) throws IOException {
    ByteReader header = new ByteReader(exactly(in, HEADER_BYTES));
    int length = header.int32();
    int expected = header.int32();
    if (length < 0) {
      throw header.malformed("a block of " + length + " bytes");
    }
    byte[] bytes = exactly(in, length);
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    if ((int) crc.getValue() != expected) {
      throw new MalformedException(
          String.format(
              "broker snapshot: block of %d bytes with checksum %08x, %08x expected",
              length, (int) crc.getValue(), expected));
    }
    return bytes;
  }

  /** Grows with what is really there, since the length may be damaged. */
  private static byte[] exactly(InputStream in, int length) throws IOException {
    ByteWriter bytes = new ByteWriter(Math.min(length, READ_STEP));
    while (bytes.size() < length) {
      byte[] part = in.readNBytes(Math.min(READ_STEP, length - bytes.size()));
      if (part.length == 0) {
        throw new MalformedException(
            "broker snapshot ends after " + bytes.size() + " of " + length + " bytes of a block");
      }
      bytes.bytes(part);
    }
    return bytes.toByteArray();
  }
}
