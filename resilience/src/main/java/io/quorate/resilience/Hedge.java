package io.quorate.resilience;

import java.time.Duration;

/**
 * When to send a second attempt while the first is still out, and take the answer that comes first:
 * a value, which {@link Guard} carries out for asynchronous calls. For idempotent calls only.
 *
 * <p>The wait before a hedge is the given quantile of recent latencies, so that about {@code 1 -
 * quantile} of the calls are hedged; the budget bounds it whatever the latencies do. With a {@link
 * Picker} a hedge always goes to another target than the attempts before it, or is not sent.
 *
 * @param quantile of successful attempts' latency; 0.5 to 0.999
 * @param floor the wait is never shorter
 * @param first the wait until there are {@value #MIN_SAMPLES} latencies to go by
 * @param maxHedges per call; 1 to 10
 * @param ratio hedges per call over all calls; 0 to 1
 * @see <a href="https://research.google/pubs/the-tail-at-scale/">The Tail at Scale</a>
 */
public record Hedge(
    double quantile, Duration floor, Duration first, int maxHedges, double ratio) {
  static final int MIN_SAMPLES = 50;

  public Hedge {
    if (!(quantile >= 0.5 && quantile <= 0.999)) {
      throw new IllegalArgumentException(
          "quantile must be between 0.5 and 0.999, was " + quantile);
    }
    Checks.notNegative("floor", floor);
    Checks.positive("first", first);
    Checks.range("maxHedges", maxHedges, 1, 10);
    Checks.ratio("ratio", ratio);
  }

  /** At the 95th percentile, not before 1 ms, 100 ms to begin with; one, for 5 % of the calls. */
  public static Hedge defaults() {
    return new Hedge(0.95, Duration.ofMillis(1), Duration.ofMillis(100), 1, 0.05);
  }

  public Hedge withFirst(Duration first) {
    return new Hedge(quantile, floor, first, maxHedges, ratio);
  }

  public Hedge withQuantile(double quantile) {
    return new Hedge(quantile, floor, first, maxHedges, ratio);
  }

  public Hedge withRatio(double ratio) {
    return new Hedge(quantile, floor, first, maxHedges, ratio);
  }
}
