package io.quorate.replication.checkpoint;

import io.quorate.core.storage.CorruptionException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** Length, CRC32C and SHA-256 of bytes that pass by. */
final class ShardDigest {
  private final CRC32C crc = new CRC32C();
  private final MessageDigest sha = ManifestCodec.sha256();
  private long bytes;

  void update(byte[] source, int from, int length) {
    crc.update(source, from, length);
    sha.update(source, from, length);
    bytes += length;
  }

  /** What has passed, as the shard {@code name}. To be asked once. */
  ShardInfo finish(String name) {
    return new ShardInfo(
        name, bytes, (int) crc.getValue(), HexFormat.of().formatHex(sha.digest()));
  }

  /** Refuses what has passed unless it is {@code shard}. */
  void expect(String path, ShardInfo shard) {
    ShardInfo found = finish(shard.name());
    if (!found.equals(shard)) {
      throw new CorruptionException(path, 0, "expected " + shard + ", found " + found);
    }
  }
}
