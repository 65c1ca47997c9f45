package io.quorate.core;

import java.util.function.LongSupplier;

/**
 * Where components report what they count and measure.
 *
 * <p>Names are {@code snake_case} in the field's terms with the unit last ({@code
 * raft_commit_latency_nanos}); labels are alternating names and values. Asking twice for the same
 * name and labels gives the same meter. Reporting never blocks, never throws and is safe for use by
 * many threads; ask for a meter once and keep it.
 */
public interface Metrics {
  /** Forgets all that is reported. */
  Metrics NONE = new NoMetrics();

  /** A count that only grows. */
  Counter counter(String name, String... labels);

  /** A value that is read when somebody looks; replaces the one of the same name and labels. */
  void gauge(String name, LongSupplier value, String... labels);

  /** A distribution of non-negative values. */
  Histogram histogram(String name, String... labels);

  /** A count that only grows. */
  interface Counter {
    /** Adds {@code amount}, which must not be negative. */
    void add(long amount);

    default void increment() {
      add(1);
    }
  }

  /** A distribution of non-negative values. */
  interface Histogram {
    /** Adds one observation; negative values count as 0. */
    void record(long value);
  }
}
