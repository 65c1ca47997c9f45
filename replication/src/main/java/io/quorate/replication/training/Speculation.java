package io.quorate.replication.training;

/**
 * When an idle worker gets a copy of a slow one's work. Whoever is first counts; with a pure
 * gradient function both are the same.
 *
 * @param quantile the share of a step's shards that must be done before copies are made; 0 to 1
 * @param multiple how many times the median duration a shard must have taken; at least 1
 * @see <a href="https://research.google/pubs/pub62/">Dean and Ghemawat 2004, MapReduce, 3.6</a>
 */
public record Speculation(double quantile, double multiple) {
  public Speculation {
    if (!(quantile >= 0 && quantile <= 1)) {
      throw new IllegalArgumentException("quantile must be 0 to 1, was " + quantile);
    }
    if (!(multiple >= 1)) {
      throw new IllegalArgumentException("multiple must be at least 1, was " + multiple);
    }
  }

  /** Once three quarters are done, what takes one and a half times the median. */
  public static Speculation defaults() {
    return new Speculation(0.75, 1.5);
  }
}
