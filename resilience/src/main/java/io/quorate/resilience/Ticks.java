package io.quorate.resilience;

/**
 * Points in time in 42 bits, in steps of 1,024 ns: what fits into a token. They come around after
 * 52 days, so only differences have a meaning.
 */
final class Ticks {
  static final int BITS = 42;
  static final long MASK = (1L << BITS) - 1;

  /** Two threads read the clock in one order and arrive in the other: so much is not a step. */
  private static final long TOLERANCE = of(1_000_000_000);

  private Ticks() {}

  static long of(long nanos) {
    return nanos >>> 10 & MASK;
  }

  /**
   * Ticks from {@code start} to {@code now}: 0 if {@code start} is barely later, and very many if
   * the clock has stepped back, so that nothing waits for a time that is gone to come again.
   */
  static long elapsed(long start, long now) {
    long difference = now - start & MASK;
    return difference > MASK - TOLERANCE ? 0 : difference;
  }

  /** {@code now}, or if that is not after {@code last}, the tick that follows {@code last}. */
  static long after(long last, long now) {
    return elapsed(last, now) == 0 ? last + 1 & MASK : now;
  }
}
