package io.quorate.consensus.store;

import java.util.List;

/**
 * Part of a store at one moment.
 *
 * @param index the last change it holds: {@link ConsistentStore#watch} from {@code index + 1}
 *     misses nothing
 * @param items in the order of their keys' bytes
 */
public record Scan<K, V>(long index, List<Item<K, V>> items) {
  public Scan {
    items = List.copyOf(items);
  }

  /** A key, its value and its version. */
  public record Item<K, V>(K key, V value, long version) {}
}
