package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The accesses to one range in one round, and a uniform sample of their keys (a reservoir). */
final class RangeLoad<K> {
  double count;
  private List<K> sample = new ArrayList<>();

  void add(K key, int capacity, RandomGenerator random) {
    count++;
    if (sample.size() < capacity) {
      sample.add(key);
    } else {
      long at = random.nextLong((long) count);
      if (at < capacity) {
        sample.set((int) at, key);
      }
    }
  }

  /**
   * The sampled key that halves the sample best, with something on both sides and not the first key
   * of the range; none if all accesses are to one key.
   */
  Optional<K> splitPoint(RangePartitioner<K, ?> placement) {
    sample.sort(placement::compare);
    int best = -1;
    for (int i = 1; i < sample.size(); i++) {
      boolean first = placement.compare(sample.get(i - 1), sample.get(i)) < 0;
      if (first && (best < 0
          || Math.abs(2 * i - sample.size()) < Math.abs(2 * best - sample.size()))) {
        best = i;
      }
    }
    if (best < 0) {
      return Optional.empty();
    }
    // If all below is one key, the range ends right behind it: no cold neighbour shares its fate.
    boolean oneKeyBelow = placement.compare(sample.get(0), sample.get(best - 1)) == 0;
    return oneKeyBelow ? placement.following(sample.get(0)) : Optional.of(sample.get(best));
  }

  /** Moves the part from {@code at} on to a load of its own, counts in proportion to the sample. */
  RangeLoad<K> splitOff(K at, Comparator<K> order) {
    RangeLoad<K> upper = new RangeLoad<>();
    List<K> below = new ArrayList<>();
    for (K key : sample) {
      (order.compare(key, at) < 0 ? below : upper.sample).add(key);
    }
    upper.count = count * upper.sample.size() / sample.size();
    count -= upper.count;
    sample = below;
    return upper;
  }
}
