package io.quorate.partitioning;

import java.util.Arrays;

/** Whole numbers in proportion to weights, within bounds. */
final class Quotas {
  private static final double TINY = 1e-9;

  private Quotas() {}

  /**
   * Shares of {@code total} in proportion to the weights, each between its bounds: all are the
   * weight times one factor, cut off at the bounds. Bisection finds the factor; the result is the
   * same on every machine, since it takes nothing but IEEE arithmetic in a fixed order.
   */
  static double[] shares(double total, double[] weights, double[] least, double[] most) {
    double low = 0;
    double high = 1;
    while (sum(high, weights, least, most) < total && high < Double.MAX_VALUE / 4) {
      high *= 2;
    }
    for (int i = 0; i < 200 && low < high; i++) {
      double middle = low + (high - low) / 2;
      if (middle == low || middle == high) {
        break;
      }
      if (sum(middle, weights, least, most) < total) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double[] shares = new double[weights.length];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = clamp(high * weights[i], least[i], most[i]);
    }
    return shares;
  }

  /**
   * Rounds shares to whole numbers with the given sum. Each is rounded down or up; up go first
   * those that hold more than the lower number already, so that nothing moves for the rounding's
   * sake, then the largest fractions, then the first.
   */
  static int[] round(double[] shares, int total, int[] held) {
    int[] result = new int[shares.length];
    int left = total;
    for (int i = 0; i < result.length; i++) {
      result[i] = (int) Math.floor(shares[i] + TINY * Math.max(1, shares[i]));
      left -= result[i];
    }
    long[] order = new long[result.length];
    int candidates = 0;
    for (int i = 0; i < result.length; i++) {
      double fraction = shares[i] - result[i];
      if (fraction > TINY) {
        boolean holdsMore = held[i] > result[i];
        long rank = (holdsMore ? 0 : 1L << 62) + (long) ((1 - fraction) * (1 << 30)) * (1L << 20);
        order[candidates++] = rank + i;
      }
    }
    Arrays.sort(order, 0, candidates);
    for (int i = 0; i < candidates && left > 0; i++, left--) {
      result[(int) (order[i] & (1 << 20) - 1)]++;
    }
    return result;
  }

  private static double sum(double factor, double[] weights, double[] least, double[] most) {
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += clamp(factor * weights[i], least[i], most[i]);
    }
    return sum;
  }

  private static double clamp(double value, double least, double most) {
    return Math.max(least, Math.min(most, value));
  }
}
