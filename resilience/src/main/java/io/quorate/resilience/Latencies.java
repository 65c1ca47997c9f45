package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * A quantile of recent latencies. A histogram with eight buckets per doubling (9 % wide) that is
 * halved every {@value #HALVE_EVERY} latencies, so that older ones fade. Safe for use by many
 * threads, lock free; the quantile is worked out once per {@value #REFRESH_EVERY} latencies.
 */
final class Latencies {
  private static final int PER_DOUBLING = 8;
  private static final int BUCKETS = 48 * PER_DOUBLING;
  private static final int HALVE_EVERY = 2048;
  private static final int REFRESH_EVERY = 32;

  private final double quantile;
  private final AtomicIntegerArray counts = new AtomicIntegerArray(BUCKETS);
  private final AtomicInteger recorded = new AtomicInteger();
  private volatile long quantileNanos;

  Latencies(double quantile) {
    this.quantile = quantile;
  }

  void record(long nanos) {
    counts.incrementAndGet(bucket(Math.max(1, nanos)));
    int count = recorded.incrementAndGet();
    if (count % REFRESH_EVERY == 0 || count == Hedge.MIN_SAMPLES) {
      quantileNanos = computed();
    }
    // One thread sees this number, and that one halves.
    if (count == HALVE_EVERY) {
      for (int i = 0; i < BUCKETS; i++) {
        counts.getAndUpdate(i, c -> c / 2);
      }
      recorded.set(HALVE_EVERY / 2);
    }
  }

  boolean isReady() {
    return recorded.get() >= Hedge.MIN_SAMPLES;
  }

  long quantileNanos() {
    return quantileNanos;
  }

  private long computed() {
    long total = 0;
    for (int i = 0; i < BUCKETS; i++) {
      total += counts.get(i);
    }
    long rank = (long) Math.ceil(quantile * total);
    long seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
      seen += counts.get(i);
      if (seen >= rank && seen > 0) {
        return upperEnd(i);
      }
    }
    return upperEnd(BUCKETS - 1);
  }

  private static int bucket(long nanos) {
    int doubling = 63 - Long.numberOfLeadingZeros(nanos);
    long eighths = doubling < 3 ? nanos << 3 - doubling : nanos >>> doubling - 3;
    int part = (int) eighths & PER_DOUBLING - 1;
    return Math.min(BUCKETS - 1, doubling * PER_DOUBLING + part);
  }

  private static long upperEnd(int bucket) {
    double lower = Math.scalb(1 + (bucket % PER_DOUBLING) / 8.0, bucket / PER_DOUBLING);
    return (long) Math.ceil(lower + Math.scalb(1 / 8.0, bucket / PER_DOUBLING));
  }
}
