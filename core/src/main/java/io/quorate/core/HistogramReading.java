package io.quorate.core;

import java.util.List;

/**
 * What a histogram showed when it was looked at.
 *
 * @param buckets those that are not empty, ascending
 * @param sum of all values
 * @param max the highest value; 0 if there is none
 */
public record HistogramReading(List<Bucket> buckets, long sum, long max) {
  public HistogramReading {
    buckets = List.copyOf(buckets);
  }

  /**
   * Some of the values.
   *
   * @param atMost no value in it is higher
   * @param count how many there are
   */
  public record Bucket(long atMost, long count) {}

  /** The number of values. */
  public long count() {
    return buckets.stream().mapToLong(Bucket::count).sum();
  }

  /**
   * A value that the share {@code quantile} of all values does not exceed, at most an eighth too
   * high; 0 if there is no value.
   *
   * @param quantile 0 to 1, such as 0.99
   */
  public long quantile(double quantile) {
    if (!(quantile >= 0 && quantile <= 1)) {
      throw new IllegalArgumentException("quantile must be 0 to 1, was " + quantile);
    }
    long rank = (long) Math.ceil(quantile * count());
    long seen = 0;
    for (Bucket bucket : buckets) {
      seen += bucket.count();
      if (seen >= rank) {
        return Math.min(max, bucket.atMost());
      }
    }
    return max;
  }
}
