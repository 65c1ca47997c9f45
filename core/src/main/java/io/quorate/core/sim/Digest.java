package io.quorate.core.sim;

import java.util.zip.CRC32C;

/** A rolling hash over what has happened, in the order in which it happened. */
final class Digest {
  private final CRC32C crc = new CRC32C();
  private long value = 0x51ed_270b_1f0c_a8d3L;

  void add(long word) {
    value = SeededRandom.mix(value ^ word) + 0x9e3779b97f4a7c15L;
  }

  void add(long a, long b, long c) {
    value = SeededRandom.mix(value ^ a) + b * 0x9e3779b97f4a7c15L + Long.rotateLeft(c, 17);
  }

  long value() {
    return SeededRandom.mix(value);
  }

  /** A checksum of bytes, to be added or compared. */
  int checksum(byte[] bytes) {
    crc.reset();
    crc.update(bytes, 0, bytes.length);
    return (int) crc.getValue();
  }
}
