package io.quorate.core;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Keeps what is reported, to be looked at as a {@linkplain #readings list of readings} or written
 * in the text format of Prometheus. Safe for use by many threads.
 *
 * <p>Holds at most 10,000 meters; what is reported to more is forgotten, and {@link #refused} says
 * how many were asked for. Counting costs one striped addition, recording one atomic addition more.
 *
 * @see <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Prometheus text</a>
 */
public final class MetricsRegistry implements Metrics {
  private static final int MAX_METERS = 10_000;
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]{0,127}");

  private final ConcurrentSkipListMap<Key, Object> meters = new ConcurrentSkipListMap<>();
  private final AtomicInteger size = new AtomicInteger();
  private final LongAdder refused = new LongAdder();

  /** A registry without meters. */
  public MetricsRegistry() {}

  /** What one meter showed when it was looked at. */
  public sealed interface Reading {
    /** The meter's name. */
    String name();

    /** The meter's labels, sorted by name. */
    SortedMap<String, String> labels();
  }

  /** A counter's reading. */
  public record Count(String name, SortedMap<String, String> labels, long value)
      implements Reading {}

  /** A gauge's reading. */
  public record Level(String name, SortedMap<String, String> labels, long value)
      implements Reading {}

  /** A histogram's reading. */
  public record Distribution(String name, SortedMap<String, String> labels, HistogramReading values)
      implements Reading {}

  /** Meters that were asked for when there was no room. */
  public long refused() {
    return refused.sum();
  }

  @Override
  public Counter counter(String name, String... labels) {
    return meter(new Key(name, sorted(labels)), Adder.class, Adder::new, Metrics.NONE::counter);
  }

  @Override
  public void gauge(String name, LongSupplier value, String... labels) {
    Objects.requireNonNull(value, "value of gauge " + name);
    Key key = new Key(name, sorted(labels));
    Gauge gauge = meter(key, Gauge.class, Gauge::new, (ignoredName, ignoredLabels) -> new Gauge());
    gauge.value = value;
  }

  @Override
  public Histogram histogram(String name, String... labels) {
    Key key = new Key(name, sorted(labels));
    return meter(key, LogHistogram.class, LogHistogram::new, Metrics.NONE::histogram);
  }

  /** What every meter shows now, sorted by name and labels; each is consistent only with itself. */
  public List<Reading> readings() {
    List<Reading> out = new ArrayList<>();
    meters.forEach(
        (key, meter) -> {
          if (meter instanceof Adder adder) {
            out.add(new Count(key.name, key.labels, adder.sum.sum()));
          } else if (meter instanceof Gauge gauge) {
            out.add(new Level(key.name, key.labels, gauge.value.getAsLong()));
          } else if (meter instanceof LogHistogram histogram) {
            out.add(new Distribution(key.name, key.labels, histogram.reading()));
          } else {
            throw new AssertionError("unhandled meter " + meter);
          }
        });
    return List.copyOf(out);
  }

  /**
   * The value of the counter or gauge of that name and labels; 0 if nobody has asked for it.
   *
   * @throws IllegalArgumentException if it is a histogram
   */
  public long value(String name, String... labels) {
    Object meter = meters.get(new Key(name, sorted(labels)));
    if (meter instanceof LogHistogram) {
      throw new IllegalArgumentException(name + " is a histogram");
    }
    if (meter instanceof Gauge gauge) {
      return gauge.value.getAsLong();
    }
    return meter == null ? 0 : ((Adder) meter).sum.sum();
  }

  /** Writes what every meter shows now in the text format of Prometheus, version 0.0.4. */
  public void writePrometheus(Appendable out) throws IOException {
    new PrometheusText(out).write(readings());
  }

  /** The meter of {@code key}, made now if need be; {@code none}'s if there is no room. */
  private <T, M extends T> T meter(
      Key key, Class<M> type, Supplier<M> make, NoMeter<? extends T> none) {
    Object meter = meters.get(key);
    if (meter == null) {
      if (size.get() >= MAX_METERS) {
        refused.increment();
        return none.meter(key.name);
      }
      Object fresh = make.get();
      meter = meters.putIfAbsent(key, fresh);
      if (meter == null) {
        size.incrementAndGet();
        meter = fresh;
      }
    }
    if (!type.isInstance(meter)) {
      throw new IllegalArgumentException("metric " + key.name + " is of another kind already");
    }
    return type.cast(meter);
  }

  private static SortedMap<String, String> sorted(String... labels) {
    if (labels.length % 2 != 0) {
      throw new IllegalArgumentException(
          "labels must be names and values in turn, were " + labels.length);
    }
    SortedMap<String, String> out = new TreeMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      out.put(validName("label", labels[i]), Objects.requireNonNull(labels[i + 1], labels[i]));
    }
    return Collections.unmodifiableSortedMap(out);
  }

  private static String validName(String what, String name) {
    if (name == null || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          what + " must be letters, digits and _, at most 128, was " + Text.quote(name));
    }
    return name;
  }

  /** Makes a meter that forgets. */
  private interface NoMeter<T> {
    T meter(String name, String... labels);
  }

  private record Key(String name, SortedMap<String, String> labels) implements Comparable<Key> {
    Key {
      validName("metric name", name);
    }

    @Override
    public int compareTo(Key other) {
      int byName = name.compareTo(other.name);
      return byName != 0 ? byName : compare(labels, other.labels);
    }

    private static int compare(Map<String, String> left, Map<String, String> right) {
      var rights = right.entrySet().iterator();
      for (Map.Entry<String, String> entry : left.entrySet()) {
        if (!rights.hasNext()) {
          return 1;
        }
        Map.Entry<String, String> other = rights.next();
        int order = entry.getKey().compareTo(other.getKey());
        order = order != 0 ? order : entry.getValue().compareTo(other.getValue());
        if (order != 0) {
          return order;
        }
      }
      return rights.hasNext() ? -1 : 0;
    }
  }

  private static final class Adder implements Counter {
    private final LongAdder sum = new LongAdder();

    @Override
    public void add(long amount) {
      assert amount >= 0 : amount;
      sum.add(amount);
    }
  }

  private static final class Gauge {
    private volatile LongSupplier value = () -> 0;
  }
}
