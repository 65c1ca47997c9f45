package io.quorate.replication.checkpoint;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;

/**
 * What checkpoint stores ask of each other.
 *
 * <pre>
 * 1 byte    version, 1
 * 1 byte    kind
 * varint, text   sequence and origin (not in List)
 * Chunk:    text shard, varint offset, then the bytes to the end
 * Fetch:    text shard, varint offset, varint most bytes
 * Commit:   the manifest to the end
 * </pre>
 */
sealed interface CheckpointMessage {
  /** Which checkpoints are there? Answered by a count, then sequence and origin of each. */
  record ListAll() implements CheckpointMessage {}

  /** Make room for a copy. Answered by one byte: whether it is there already. */
  record Begin(CheckpointId id) implements CheckpointMessage {}

  /** A piece of a shard. Answered by nothing once written. */
  record Chunk(CheckpointId id, String shard, long offset, byte[] bytes)
      implements CheckpointMessage {}

  /** All pieces were sent: verify and commit. Answered by nothing once durable. */
  record Commit(CheckpointInfo info) implements CheckpointMessage {}

  /** What is this checkpoint? Answered by its manifest. */
  record Describe(CheckpointId id) implements CheckpointMessage {}

  /** Give a piece of a shard. Answered by its bytes. */
  record Fetch(CheckpointId id, String shard, long offset, int maxBytes)
      implements CheckpointMessage {}

  /** The table above. */
  Codec<CheckpointMessage> CODEC =
      new Codec<>() {
        private static final int VERSION = 1;

        @Override
        public void write(ByteWriter out, CheckpointMessage message) {
          out.int8(VERSION);
          if (message instanceof ListAll) {
            out.int8(1);
          } else if (message instanceof Begin begin) {
            id(out.int8(2), begin.id);
          } else if (message instanceof Chunk chunk) {
            id(out.int8(3), chunk.id);
            out.text(chunk.shard).varint(chunk.offset).bytes(chunk.bytes);
          } else if (message instanceof Commit commit) {
            id(out.int8(4), commit.info.id());
            ManifestCodec.INSTANCE.write(out, commit.info);
          } else if (message instanceof Describe describe) {
            id(out.int8(5), describe.id);
          } else if (message instanceof Fetch fetch) {
            id(out.int8(6), fetch.id);
            out.text(fetch.shard).varint(fetch.offset).varint(fetch.maxBytes);
          } else {
            throw new AssertionError("unhandled message " + message);
          }
        }

        @Override
        public CheckpointMessage read(ByteReader in) {
          int version = in.uint8();
          if (version != VERSION) {
            throw in.malformed("version " + version + ", " + VERSION + " expected");
          }
          int kind = in.uint8();
          if (kind == 1) {
            return new ListAll();
          }
          CheckpointId id = readId(in);
          return switch (kind) {
            case 2 -> new Begin(id);
            case 3 -> new Chunk(id, in.text(), in.varint(), in.bytes(in.remaining()));
            case 4 -> new Commit(ManifestCodec.INSTANCE.read(in));
            case 5 -> new Describe(id);
            case 6 -> new Fetch(id, in.text(), in.varint(), in.varint(8 << 20, "bytes"));
            default -> throw in.malformed("kind " + kind);
          };
        }
      };

  private static void id(ByteWriter out, CheckpointId id) {
    out.varint(id.sequence()).text(id.origin().value());
  }

  /** Reads what was written of an id. */
  static CheckpointId readId(ByteReader in) {
    long sequence = in.varint();
    String origin = in.text(64, "origin");
    try {
      return new CheckpointId(sequence, NodeId.of(origin));
    } catch (IllegalArgumentException e) {
      throw in.malformed("an id that cannot be: " + e.getMessage());
    }
  }

  /** Writes an id the way {@link #readId} reads it. */
  static void writeId(ByteWriter out, CheckpointId id) {
    id(out, id);
  }
}
