package io.quorate.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MetricsRegistryTest {
  private final MetricsRegistry registry = new MetricsRegistry();

  @Test
  void the_same_name_and_labels_in_any_order_give_the_same_meter() {
    registry.counter("sent_total", "peer", "a", "kind", "ping").add(2);
    registry.counter("sent_total", "kind", "ping", "peer", "a").increment();
    registry.counter("sent_total", "kind", "pong", "peer", "a").increment();

    assertThat(registry.value("sent_total", "peer", "a", "kind", "ping")).isEqualTo(3);
    assertThat(registry.readings()).hasSize(2);
  }

  @Test
  void a_gauge_is_read_when_somebody_looks_and_the_last_one_wins() {
    long[] value = {1};
    registry.gauge("depth", () -> -1);
    registry.gauge("depth", () -> value[0]);

    value[0] = 7;

    assertThat(registry.value("depth")).isEqualTo(7);
  }

  @Test
  void a_name_keeps_its_kind() {
    registry.counter("x_total");

    assertThatThrownBy(() -> registry.histogram("x_total"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("x_total");
  }

  @Test
  void names_and_labels_are_checked() {
    for (String bad : new String[] {"", "a b", "1a", "a\n", "a-b"}) {
      assertThatThrownBy(() -> registry.counter(bad)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> registry.counter("ok", bad, "v"))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> registry.counter("ok", "lonely"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void meters_past_the_bound_forget_and_are_counted() {
    for (int i = 0; i < 10_005; i++) {
      registry.counter("many_total", "i", "" + i).increment();
    }
    registry.gauge("late", () -> 1);
    registry.histogram("late_nanos").record(1);

    assertThat(registry.readings()).hasSize(10_000);
    assertThat(registry.refused()).isEqualTo(7);
  }

  @Test
  void a_quantile_is_at_most_an_eighth_too_high_and_never_too_low() {
    Random random = new Random(7);
    long[] values = random.longs(10_000, 0, 1L << 40).map(v -> v >>> random.nextInt(40)).toArray();
    Metrics.Histogram histogram = registry.histogram("latency_nanos");
    for (long value : values) {
      histogram.record(value);
    }
    java.util.Arrays.sort(values);

    HistogramReading reading = ((MetricsRegistry.Distribution) registry.readings().get(0)).values();

    assertThat(reading.count()).isEqualTo(values.length);
    assertThat(reading.sum()).isEqualTo(java.util.Arrays.stream(values).sum());
    assertThat(reading.max()).isEqualTo(values[values.length - 1]);
    for (double q : new double[] {0, 0.01, 0.5, 0.9, 0.99, 0.999, 1}) {
      long exact = values[Math.max(0, (int) Math.ceil(q * values.length) - 1)];
      assertThat(reading.quantile(q)).isBetween(exact, exact + exact / 8 + 1);
    }
  }

  @Test
  void every_bucket_begins_where_the_one_before_ends() {
    int last = LogHistogram.bucketOf(Long.MAX_VALUE);
    for (int i = 0; i < last; i++) {
      assertThat(LogHistogram.bucketOf(LogHistogram.highestOf(i))).isEqualTo(i);
      assertThat(LogHistogram.bucketOf(LogHistogram.highestOf(i) + 1)).isEqualTo(i + 1);
    }
    assertThat(LogHistogram.highestOf(last)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void negative_observations_count_as_zero() {
    registry.histogram("latency_nanos").record(-5);

    assertThat(((MetricsRegistry.Distribution) registry.readings().get(0)).values())
        .isEqualTo(
            new HistogramReading(java.util.List.of(new HistogramReading.Bucket(0, 1)), 0, 0));
  }

  @Test
  void the_prometheus_text_is_sorted_escaped_and_cumulative() throws IOException {
    registry.counter("b_total", "path", "a\"b\\c\nd").add(3);
    registry.gauge("a_bytes", () -> 42);
    Metrics.Histogram histogram = registry.histogram("c_nanos", "op", "x");
    histogram.record(0);
    histogram.record(3);
    histogram.record(3);
    histogram.record(5);
    StringBuilder out = new StringBuilder();

    registry.writePrometheus(out);

    assertThat(out.toString())
        .isEqualTo(
            """
            # TYPE a_bytes gauge
            a_bytes 42
            # TYPE b_total counter
            b_total{path="a\\"b\\\\c\\nd"} 3
            # TYPE c_nanos histogram
            c_nanos_bucket{op="x",le="0"} 1
            c_nanos_bucket{op="x",le="1"} 1
            c_nanos_bucket{op="x",le="3"} 3
            c_nanos_bucket{op="x",le="7"} 4
            c_nanos_bucket{op="x",le="+Inf"} 4
            c_nanos_sum{op="x"} 11
            c_nanos_count{op="x"} 4
            """);
  }
}
