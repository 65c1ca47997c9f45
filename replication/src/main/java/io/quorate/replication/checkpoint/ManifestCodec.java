package io.quorate.replication.checkpoint;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The manifest: the file whose presence makes a checkpoint, and by which it is verified.
 *
 * <pre>
 * 1 byte    version, 1
 * varint    sequence
 * text      origin
 * varint    step
 * 8 bytes   saved at, wall milliseconds
 * varint    count of metadata entries, then key and value of each as text
 * varint    count of shards, then of each:
 *   text      name
 *   varint    length in bytes
 *   4 bytes   CRC32C
 *   32 bytes  SHA-256
 * 4 bytes   CRC32C of all before
 * 32 bytes  SHA-256 of all before
 * </pre>
 */
final class ManifestCodec implements Codec<CheckpointInfo> {
  static final ManifestCodec INSTANCE = new ManifestCodec();

  private static final int VERSION = 1;
  private static final int SHA_BYTES = 32;

  private ManifestCodec() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void write(ByteWriter out, CheckpointInfo info) {
    int start = out.size();
    out.int8(VERSION).varint(info.id().sequence()).text(info.id().origin().value());
    out.varint(info.step()).int64(info.savedAtMillis());
    out.varint(info.metadata().size());
    info.metadata().forEach((key, value) -> out.text(key).text(value));
    out.varint(info.shards().size());
    for (ShardInfo shard : info.shards()) {
      out.text(shard.name()).varint(shard.bytes()).int32(shard.crc32c());
      out.bytes(HexFormat.of().parseHex(shard.sha256()));
    }
    out.int32(crc(out.array(), start, out.size() - start));
    MessageDigest sha = sha256();
    sha.update(out.array(), start, out.size() - start);
    out.bytes(sha.digest());
  }

  @Override
  public CheckpointInfo read(ByteReader in) {
    int start = in.position();
    int version = in.uint8();
    if (version != VERSION) {
      throw in.malformed("manifest version " + version + ", " + VERSION + " expected");
    }
    try {
      long sequence = in.varint();
      CheckpointId id = new CheckpointId(sequence, NodeId.of(in.text(64, "origin")));
      long step = in.varint();
      long savedAtMillis = in.int64();
      SortedMap<String, String> metadata = new TreeMap<>();
      for (int i = in.count(2, "metadata entries"); i > 0; i--) {
        metadata.put(in.text(), in.text());
      }
      List<ShardInfo> shards = new ArrayList<>();
      for (int i = in.count(3 + Integer.BYTES + SHA_BYTES, "shards"); i > 0; i--) {
        String name = in.text();
        long bytes = in.varint();
        int crc = in.int32();
        shards.add(new ShardInfo(name, bytes, crc, HexFormat.of().formatHex(in.bytes(SHA_BYTES))));
      }
      verify(in, start);
      return new CheckpointInfo(id, step, savedAtMillis, metadata, shards);
    } catch (IllegalArgumentException e) {
      throw in.malformed("a manifest that cannot be: " + e.getMessage());
    }
  }

  private static void verify(ByteReader in, int start) {
    int crc = crc(in.array(), start, in.position() - start);
    if (in.int32() != crc) {
      throw in.malformed("CRC32C of the manifest does not match");
    }
    MessageDigest sha = sha256();
    sha.update(in.array(), start, in.position() - start);
    if (!MessageDigest.isEqual(sha.digest(), in.bytes(SHA_BYTES))) {
      throw in.malformed("SHA-256 of the manifest does not match");
    }
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
