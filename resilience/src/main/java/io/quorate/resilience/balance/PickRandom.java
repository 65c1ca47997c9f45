package io.quorate.resilience.balance;

import java.util.concurrent.atomic.AtomicLong;

/** SplitMix64 with an atomic state: any number of threads draw, no two the same number. */
final class PickRandom {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final AtomicLong state;

  PickRandom(long seed) {
    state = new AtomicLong(seed);
  }

  long next() {
    return mix(state.getAndAdd(GOLDEN) + GOLDEN);
  }

  /** Spreads {@code z} over all 64 bits. */
  static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /** The high half of {@code random} as an index in {@code [0, bound)}. */
  static int index(long random, int bound) {
    return (int) ((random >>> 32) * bound >>> 32);
  }

  /** The low half of {@code random} as a fraction in {@code [0, 1)}. */
  static double fraction(long random) {
    return (random & 0xFFFF_FFFFL) * 0x1p-32;
  }
}
