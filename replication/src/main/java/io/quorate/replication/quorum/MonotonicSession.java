package io.quorate.replication.quorum;

import io.quorate.core.RefusedException;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Remembers the newest version it has seen of each key, and reads until it has that or a newer. */
final class MonotonicSession<K, V> implements Session<K, V> {
  private final QuorumStore<K, V> store;
  private final Map<K, Tag> seen;

  MonotonicSession(QuorumStore<K, V> store, int maxKeys) {
    if (maxKeys < 1) {
      throw new IllegalArgumentException("maxKeys must be at least 1, was " + maxKeys);
    }
    this.store = store;
    this.seen =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, Tag> eldest) {
            return size() > maxKeys;
          }
        };
  }

  private Tag seenOf(K key) {
    synchronized (seen) {
      return seen.getOrDefault(key, Tag.NONE);
    }
  }

  private void saw(K key, Tag tag) {
    synchronized (seen) {
      seen.merge(key, tag, (a, b) -> a.compareTo(b) >= 0 ? a : b);
    }
  }

  @Override
  public CompletableFuture<Versioned<V>> get(K key, ReadOptions options) {
    return store
        .get(key, options)
        .thenCompose(
            found -> {
              if (found.tag().compareTo(seenOf(key)) >= 0
                  || options.consistency() == Consistency.ALL) {
                return CompletableFuture.completedFuture(found);
              }
              Consistency stronger =
                  options.consistency() == Consistency.QUORUM
                      ? Consistency.ALL
                      : Consistency.QUORUM;
              return get(key, new ReadOptions(stronger, options.timeout()));
            })
        .thenApply(
            found -> {
              if (found.tag().compareTo(seenOf(key)) < 0) {
                throw new RefusedException(
                    "no replica that can be reached has version " + seenOf(key));
              }
              saw(key, found.tag());
              return found;
            });
  }

  @Override
  public CompletableFuture<Tag> put(K key, V value, WriteOptions options) {
    return store
        .put(key, value, options)
        .thenApply(
            tag -> {
              saw(key, tag);
              return tag;
            });
  }

  @Override
  public CompletableFuture<Optional<Tag>> delete(K key, WriteOptions options) {
    return store
        .delete(key, options)
        .thenApply(
            tag -> {
              tag.ifPresent(t -> saw(key, t));
              return tag;
            });
  }
}
