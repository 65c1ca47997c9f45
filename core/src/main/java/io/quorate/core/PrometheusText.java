package io.quorate.core;

import io.quorate.core.MetricsRegistry.Count;
import io.quorate.core.MetricsRegistry.Distribution;
import io.quorate.core.MetricsRegistry.Level;
import io.quorate.core.MetricsRegistry.Reading;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes readings in the text format of Prometheus, version 0.0.4. */
final class PrometheusText {
  private final Appendable out;

  PrometheusText(Appendable out) {
    this.out = out;
  }

  /** Writes {@code readings}, which must be sorted by name. */
  void write(List<Reading> readings) throws IOException {
    String described = "";
    for (Reading reading : readings) {
      if (!reading.name().equals(described)) {
        described = reading.name();
        out.append("# TYPE ").append(described).append(' ').append(typeOf(reading)).append('\n');
      }
      if (reading instanceof Count count) {
        line(count.name(), reading, "", count.value());
      } else if (reading instanceof Level level) {
        line(level.name(), reading, "", level.value());
      } else if (reading instanceof Distribution distribution) {
        writeHistogram(distribution);
      } else {
        throw new AssertionError("unhandled reading " + reading);
      }
    }
  }

  private static String typeOf(Reading reading) {
    if (reading instanceof Distribution) {
      return "histogram";
    }
    return reading instanceof Count ? "counter" : "gauge";
  }

  /** Cumulative counts up to each power of two that is not above the highest value's. */
  private void writeHistogram(Distribution distribution) throws IOException {
    String name = distribution.name() + "_bucket";
    HistogramReading values = distribution.values();
    Iterator<HistogramReading.Bucket> buckets = values.buckets().iterator();
    HistogramReading.Bucket next = buckets.hasNext() ? buckets.next() : null;
    long below = 0;
    for (int bits = 0; next != null; bits++) {
      long atMost = (1L << bits) - 1;
      while (next != null && next.atMost() <= atMost) {
        below += next.count();
        next = buckets.hasNext() ? buckets.next() : null;
      }
      line(name, distribution, "le=\"" + atMost + "\"", below);
    }
    line(name, distribution, "le=\"+Inf\"", below);
    line(distribution.name() + "_sum", distribution, "", values.sum());
    line(distribution.name() + "_count", distribution, "", below);
  }

  private void line(String name, Reading reading, String lastLabel, long value) throws IOException {
    out.append(name);
    String separator = "{";
    for (Map.Entry<String, String> label : reading.labels().entrySet()) {
      out.append(separator).append(label.getKey()).append("=\"");
      out.append(escaped(label.getValue())).append('"');
      separator = ",";
    }
    if (!lastLabel.isEmpty()) {
      out.append(separator).append(lastLabel);
      separator = ",";
    }
    if (separator.equals(",")) {
      out.append('}');
    }
    out.append(' ').append(Long.toString(value)).append('\n');
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
