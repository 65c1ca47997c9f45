package io.quorate.core.membership;

import java.time.Duration;

/**
 * The phi-accrual failure detector: the longer a heartbeat is overdue, measured against how regular
 * the earlier ones were, the higher the suspicion phi. A phi of 8 means that a sender which is there
 * would be this late about once in 10^8 heartbeats.
 *
 * <p>Intervals are taken as normally distributed over a sliding window; the tail is approximated by a
 * logistic function, as is usual.
 *
 * @see <a href="https://doi.org/10.1109/RELDIS.2004.1353004">Hayashibara et al. 2004, The phi accrual
 *     failure detector, section 4</a>
 */
public final class PhiAccrualDetector implements FailureDetector {
  private final double threshold;
  private final double minDeviationNanos;
  private final double pauseNanos;
  private final long firstEstimateNanos;
  private final long[] intervals;
  private int count;
  private int next;
  private double sum;
  private double sumOfSquares;
  private boolean begun;
  private long lastNanos;

  /**
   * A detector that has seen nothing.
   *
   * @param threshold the phi from which the sender counts as gone; more than 0, usually 8 to 12
   * @param window intervals that are remembered; at least 2
   * @param expectedInterval what to expect before there are samples
   * @param minDeviation the least deviation assumed, so that a very regular sender is not condemned
   *     for one hiccup
   * @param acceptablePause how late a heartbeat may be on top without any suspicion
   */
  public PhiAccrualDetector(
      double threshold,
      int window,
      Duration expectedInterval,
      Duration minDeviation,
      Duration acceptablePause) {
    if (!(threshold > 0)) {
      throw new IllegalArgumentException("threshold must be more than 0, was " + threshold);
    }
    if (window < 2) {
      throw new IllegalArgumentException("window must be at least 2, was " + window);
    }
    if (expectedInterval.isNegative() || expectedInterval.isZero()) {
      throw new IllegalArgumentException(
          "expectedInterval must be more than 0, was " + expectedInterval);
    }
    if (minDeviation.isNegative() || minDeviation.isZero()) {
      throw new IllegalArgumentException("minDeviation must be more than 0, was " + minDeviation);
    }
    if (acceptablePause.isNegative()) {
      throw new IllegalArgumentException(
          "acceptablePause must not be negative, was " + acceptablePause);
    }
    this.threshold = threshold;
    this.intervals = new long[window];
    this.firstEstimateNanos = expectedInterval.toNanos();
    this.minDeviationNanos = minDeviation.toNanos();
    this.pauseNanos = acceptablePause.toNanos();
  }

  /** Threshold 8, window 200, deviation of at least a tenth of the interval, no pause accepted. */
  public static PhiAccrualDetector every(Duration expectedInterval) {
    return new PhiAccrualDetector(
        8, 200, expectedInterval, expectedInterval.dividedBy(10), Duration.ZERO);
  }

  @Override
  public void heartbeat(long nowNanos) {
    if (!begun) {
      begun = true;
      // Two samples around the expectation: some deviation before anything is known.
      add(firstEstimateNanos * 3 / 4);
      add(firstEstimateNanos * 5 / 4);
    } else {
      add(Math.max(0, nowNanos - lastNanos));
    }
    lastNanos = nowNanos;
  }

  @Override
  public boolean isAvailable(long nowNanos) {
    return phi(nowNanos) < threshold;
  }

  /** The suspicion at {@code nowNanos}; 0 before any heartbeat, never negative, may be infinite. */
  public double phi(long nowNanos) {
    if (!begun) {
      return 0;
    }
    double mean = sum / count;
    double variance = Math.max(0, sumOfSquares / count - mean * mean);
    double deviation = Math.max(minDeviationNanos, Math.sqrt(variance));
    double late = (nowNanos - lastNanos - mean - pauseNanos) / deviation;
    double exponent = Math.exp(-late * (1.5976 + 0.070566 * late * late));
    double tail = late > 0 ? exponent / (1 + exponent) : 1 - 1 / (1 + exponent);
    return Math.max(0, -Math.log10(tail));
  }

  private void add(long interval) {
    if (count == intervals.length) {
      double oldest = intervals[next];
      sum -= oldest;
      sumOfSquares -= oldest * oldest;
    } else {
      count++;
    }
    intervals[next] = interval;
    sum += interval;
    sumOfSquares += (double) interval * interval;
    next = (next + 1) % intervals.length;
    if (next == 0) {
      resum();
    }
  }

  /** Once a round, so that rounding errors of the running sums do not pile up. */
  private void resum() {
    sum = 0;
    sumOfSquares = 0;
    for (int i = 0; i < count; i++) {
      sum += intervals[i];
      sumOfSquares += (double) intervals[i] * intervals[i];
    }
  }
}
