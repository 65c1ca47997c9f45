package io.quorate.replication.checkpoint;

import io.quorate.core.Text;

/**
 * One file of a checkpoint, as its manifest describes it.
 *
 * @param name 1 to 100 of the characters {@code a-z A-Z 0-9 . _ -}, the first a letter or digit
 * @param bytes its length
 * @param crc32c checksum of its bytes
 * @param sha256 64 hexadecimal digits
 */
public record ShardInfo(String name, long bytes, int crc32c, String sha256) {
  public ShardInfo {
    checkName(name);
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must be at least 0, was " + bytes);
    }
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "sha256 must be 64 hexadecimal digits, was " + Text.quote(sha256));
    }
  }

  static void checkName(String name) {
    if (name == null || !name.matches("[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}")) {
      throw new IllegalArgumentException(
          "shard name must be 1 to 100 of a-z A-Z 0-9 . _ - and begin with a letter or digit, was "
              + Text.quote(name));
    }
  }
}
