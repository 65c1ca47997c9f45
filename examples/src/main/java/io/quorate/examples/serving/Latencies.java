package io.quorate.examples.serving;

import java.util.Arrays;

/** Measured durations. Safe for use by many threads. */
public final class Latencies {
  private long[] nanos = new long[1 << 12];
  private int count;

  /** Takes a duration in. */
  public synchronized void add(long duration) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = duration;
  }

  /** How many there are. */
  public synchronized int count() {
    return count;
  }

  /** The duration in milliseconds that a share of {@code quantile} does not exceed; 0 for none. */
  public synchronized double millis(double quantile) {
    if (count == 0) {
      return 0;
    }
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    return sorted[(int) Math.min(count - 1, Math.floor(quantile * count))] / 1e6;
  }
}
