package io.quorate.resilience;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A bounded map: one key too many drops the key that came first. Bounded through {@code put} only.
 */
final class FifoMap<K, V> extends ConcurrentHashMap<K, V> {
  private final int maxEntries;
  private final transient ConcurrentLinkedQueue<K> order = new ConcurrentLinkedQueue<>();

  FifoMap(int maxEntries) {
    this.maxEntries = maxEntries;
  }

  @Override
  public V put(K key, V value) {
    V before = super.put(key, value);
    if (before == null) {
      order.add(key);
      while (size() > maxEntries) {
        K first = order.poll();
        if (first == null) {
          break;
        }
        super.remove(first);
      }
    }
    return before;
  }

  @Override
  public V remove(Object key) {
    V before = super.remove(key);
    if (before != null) {
      order.remove(key);
    }
    return before;
  }
}
