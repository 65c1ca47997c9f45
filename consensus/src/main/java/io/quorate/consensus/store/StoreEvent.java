package io.quorate.consensus.store;

/** What a watcher is told. */
public sealed interface StoreEvent<K, V> {
  /** The key has a new value. */
  record Put<K, V>(K key, V value, long version) implements StoreEvent<K, V> {}

  /** The key was deleted, or its time was up. */
  record Deleted<K, V>(K key, long version, boolean expired) implements StoreEvent<K, V> {}

  /**
   * Changes before {@code resumeIndex} that the watcher has not seen are not known here any more:
   * scan, then go on with what follows.
   */
  record Gap<K, V>(long resumeIndex) implements StoreEvent<K, V> {}
}
