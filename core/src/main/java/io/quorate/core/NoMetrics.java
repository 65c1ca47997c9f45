package io.quorate.core;

import java.util.function.LongSupplier;

/** Metrics that nobody reads. */
final class NoMetrics implements Metrics {
  @Override
  public Counter counter(String name, String... labels) {
    return amount -> {};
  }

  @Override
  public void gauge(String name, LongSupplier value, String... labels) {}

  @Override
  public Histogram histogram(String name, String... labels) {
    return value -> {};
  }
}
