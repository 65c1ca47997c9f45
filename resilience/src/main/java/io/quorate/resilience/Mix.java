package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicLong;

/** Chance for many threads without contention worth the name, reproducible from its seed. */
final class Mix {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final AtomicLong state;

  Mix(long seed) {
    state = new AtomicLong(seed);
  }

  /** A number in [0, 1). */
  double nextUnit() {
    return unit(state.getAndAdd(GOLDEN_GAMMA));
  }

  /** A number in [0, bound); 0 if bound is 0. */
  long nextBelow(long bound) {
    return (long) (nextUnit() * bound);
  }

  /** The number in [0, 1) that belongs to {@code seed}. */
  static double unit(long seed) {
    return (mix(seed) >>> 11) * 0x1.0p-53;
  }

  /** The finalizer of SplittableRandom (Steele, Lea and Flood, 2014), after Stafford's Mix13. */
  static long mix(long value) {
    long z = value + GOLDEN_GAMMA;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
