package io.quorate.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counts how often code reached the points it names by {@link io.quorate.core.Faults#reached}, and
 * how often {@linkplain io.quorate.core.Faults#buggify unlucky branches} were taken. Guards against
 * simulations that prove nothing because nothing happened in them.
 */
public final class Probes {
  private final SortedMap<String, Long> counts = new TreeMap<>();

  Probes() {}

  /** Counts that {@code point} was reached; tests may name points of their own. */
  public void hit(String point) {
    counts.merge(point, 1L, Long::sum);
  }

  /** How often {@code point} was reached. */
  public long count(String point) {
    return counts.getOrDefault(point, 0L);
  }

  /** All points that were reached and how often, by name. */
  public Map<String, Long> counts() {
    return new TreeMap<>(counts);
  }

  /** Those of {@code required} that were never reached. */
  public List<String> missing(Iterable<String> required) {
    List<String> missing = new ArrayList<>();
    for (String point : required) {
      if (count(point) == 0) {
        missing.add(point);
      }
    }
    return missing;
  }

  void addAll(Probes other) {
    other.counts.forEach((point, count) -> counts.merge(point, count, Long::sum));
  }
}
