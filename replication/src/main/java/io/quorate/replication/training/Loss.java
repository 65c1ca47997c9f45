package io.quorate.replication.training;

/**
 * The loss over some examples.
 *
 * @param sum the sum of the examples' losses, each times its weight; finite
 * @param weight the sum of the examples' weights, usually their number; at least 0 and finite; 0
 *     for an empty shard
 */
public record Loss(double sum, double weight) {
  /** The loss over nothing. */
  public static final Loss NONE = new Loss(0, 0);

  public Loss {
    if (!Double.isFinite(sum)) {
      throw new IllegalArgumentException("sum must be finite, was " + sum);
    }
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException("weight must be at least 0 and finite, was " + weight);
    }
  }

  /**
   * The loss over these examples and {@code other}'s.
   *
   * @throws IllegalArgumentException if a sum is no longer finite
   */
  public Loss plus(Loss other) {
    return new Loss(sum + other.sum, weight + other.weight);
  }

  /** The mean loss; 0 over nothing. */
  public double mean() {
    return weight == 0 ? 0 : sum / weight;
  }
}
