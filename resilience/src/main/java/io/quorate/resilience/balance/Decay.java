package io.quorate.resilience.balance;

/**
 * Exponential decay with a time constant, on a coarse clock that fits an {@code int}.
 *
 * <p>A tick is the power of two of nanoseconds that puts 4096 to 8191 ticks into the time constant;
 * tick differences stay right for 2^31 ticks, which is more than 250 000 time constants. The
 * factors come from a table made with {@link StrictMath}: equal on every machine and JDK, so that a
 * simulation repeats bit by bit, and several times faster than {@code Math.exp}.
 */
final class Decay {
  private static final int STEPS_PER_TAU = 64;
  private static final int TAUS = 16;
  private static final float[] FACTORS = new float[TAUS * STEPS_PER_TAU];

  static {
    for (int i = 0; i < FACTORS.length; i++) {
      FACTORS[i] = (float) StrictMath.exp(-(double) i / STEPS_PER_TAU);
    }
  }

  private final int shift;
  private final float tausPerTick;

  Decay(long tauNanos) {
    shift = Math.max(0, 63 - Long.numberOfLeadingZeros(tauNanos) - 12);
    tausPerTick = (float) (1L << shift) / tauNanos;
  }

  int tick(long nowNanos) {
    return (int) (nowNanos >> shift);
  }

  float nanos(int ticks) {
    return (float) ((long) ticks << shift);
  }

  /** {@code exp(-ticks / tau)}; 1 for a time that is not in the past. */
  float factor(int ticks) {
    if (ticks <= 0) {
      return 1;
    }
    float taus = ticks * tausPerTick;
    if (taus >= TAUS) {
      return 0;
    }
    int step = (int) (taus * STEPS_PER_TAU);
    // The rest is below 1/64: three terms of the series leave an error under 1e-6.
    float rest = taus - (float) step / STEPS_PER_TAU;
    return FACTORS[step] * (1 - rest + rest * rest / 2);
  }
}
