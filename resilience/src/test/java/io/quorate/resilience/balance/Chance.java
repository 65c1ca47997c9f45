package io.quorate.resilience.balance;

import java.util.SplittableRandom;

/**
 * Seeded draws for the simulations. The distributions are tables of quantiles made with {@link
 * StrictMath}: equal on every machine.
 */
final class Chance {
  private static final int QUANTILES = 1 << 16;
  private static final double SERVICE_MEAN_NANOS = 5e6;
  private static final double SIGMA = 0.5;
  private static final double[] EXPONENTIAL = new double[QUANTILES];
  private static final double[] LOGNORMAL = new double[QUANTILES];

  static {
    for (int i = 0; i < QUANTILES; i++) {
      double p = (i + 0.5) / QUANTILES;
      EXPONENTIAL[i] = -StrictMath.log(1 - p);
      LOGNORMAL[i] = StrictMath.exp(SIGMA * normalQuantile(p) - SIGMA * SIGMA / 2);
    }
  }

  private final SplittableRandom random;

  Chance(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Lognormal, mean 5 ms, sigma 0.5. */
  double serviceNanos() {
    return SERVICE_MEAN_NANOS * LOGNORMAL[random.nextInt(QUANTILES)];
  }

  /** The gap between two arrivals of a Poisson stream. */
  long gapNanos(double perSecond) {
    return (long) (EXPONENTIAL[random.nextInt(QUANTILES)] * 1e9 / perSecond);
  }

  boolean happens(double probability) {
    return random.nextDouble() < probability;
  }

  long seed() {
    return random.nextLong();
  }

  /** By bisection of the distribution function: slow, exact enough, and done once. */
  private static double normalQuantile(double p) {
    double low = -8;
    double high = 8;
    for (int i = 0; i < 50; i++) {
      double middle = (low + high) / 2;
      if (normal(middle) < p) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** Abramowitz and Stegun 26.2.17; error under 7.5e-8. */
  private static double normal(double x) {
    double t = 1 / (1 + 0.2316419 * Math.abs(x));
    double poly =
        t
            * (0.319381530
                + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    double tail = StrictMath.exp(-x * x / 2) / StrictMath.sqrt(2 * StrictMath.PI) * poly;
    return x >= 0 ? 1 - tail : tail;
  }
}
