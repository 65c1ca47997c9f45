package io.quorate.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * A histogram with eight buckets for each power of two, so that a quantile is at most an eighth too
 * high, in 4 KiB. Safe for use by many threads.
 */
final class LogHistogram implements Metrics.Histogram {
  private static final int SUB_BITS = 3;
  private static final int SUB_BUCKETS = 1 << SUB_BITS;
  private static final int BUCKETS = (Long.SIZE - SUB_BITS) * SUB_BUCKETS;

  private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
  private final LongAdder sum = new LongAdder();
  private final LongAccumulator max = new LongAccumulator(Math::max, 0);

  @Override
  public void record(long value) {
    long seen = Math.max(0, value);
    counts.incrementAndGet(bucketOf(seen));
    sum.add(seen);
    max.accumulate(seen);
  }

  HistogramReading reading() {
    List<HistogramReading.Bucket> buckets = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      long count = counts.get(i);
      if (count > 0) {
        buckets.add(new HistogramReading.Bucket(highestOf(i), count));
      }
    }
    return new HistogramReading(buckets, sum.sum(), max.get());
  }

  /** The bucket of {@code value}: values below eight have one each. */
  static int bucketOf(long value) {
    if (value < SUB_BUCKETS) {
      return (int) value;
    }
    int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(value);
    int sub = (int) (value >>> (exponent - SUB_BITS)) & (SUB_BUCKETS - 1);
    return (exponent - SUB_BITS + 1) * SUB_BUCKETS + sub;
  }

  /** The highest value of a bucket. */
  static long highestOf(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int shift = bucket / SUB_BUCKETS - 1;
    long next = SUB_BUCKETS + bucket % SUB_BUCKETS + 1L;
    // The last bucket's end is 2^63, of which one less is the highest long.
    return (next << shift) - 1;
  }
}
