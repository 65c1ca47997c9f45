package io.quorate.partitioning;

import java.util.Arrays;
import java.util.Random;

/** Ranks from 0, the first the most frequent, by Zipf's law. */
final class Zipf {
  private final double[] cumulative;
  private final Random random;

  Zipf(int ranks, double exponent, long seed) {
    cumulative = new double[ranks];
    double sum = 0;
    for (int i = 0; i < ranks; i++) {
      sum += Math.pow(i + 1, -exponent);
      cumulative[i] = sum;
    }
    random = new Random(seed);
  }

  int next() {
    double at = random.nextDouble() * cumulative[cumulative.length - 1];
    int found = Arrays.binarySearch(cumulative, at);
    return Math.min(found < 0 ? -found - 1 : found, cumulative.length - 1);
  }

  /** The part of all draws that the first rank gets. */
  double shareOfFirst() {
    return cumulative[0] / cumulative[cumulative.length - 1];
  }
}
