package io.quorate.partitioning;

import java.util.Locale;

/**
 * A range of 64-bit hashes, read as unsigned numbers.
 *
 * <p>Both ends are inclusive, since the end of the whole space, 2^64, does not fit a {@code long}.
 * An arc that passes 0 on a ring is two ranges.
 *
 * @param first the smallest hash
 * @param last the largest hash, not below {@code first}
 */
public record HashRange(long first, long last) {
  /** Every hash. */
  public static final HashRange ALL = new HashRange(0, -1);

  public HashRange {
    if (Long.compareUnsigned(first, last) > 0) {
      throw new PlacementException("last", Long.toUnsignedString(last),
          "must be at least first, " + Long.toUnsignedString(first));
    }
  }

  /** Whether {@code hash} lies in the range. */
  public boolean contains(long hash) {
    return Long.compareUnsigned(first, hash) <= 0 && Long.compareUnsigned(hash, last) <= 0;
  }

  /** The part of the whole space, from 0 (exclusive) to 1. */
  public double share() {
    long width = last - first;
    return ((width >>> 1) + 1.0) * 0x1p-63;
  }

  /** The upper 64 bits of the product of two unsigned numbers. */
  static long multiplyHighUnsigned(long a, long b) {
    return Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "[%016x, %016x]", first, last);
  }
}
