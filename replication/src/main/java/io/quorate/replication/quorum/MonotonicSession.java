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
  /** A version, and whether it is a deletion, which replicas forget in time. */
  private record Seen(Tag tag, boolean isAbsent) {
    private static final Seen NOTHING = new Seen(Tag.NONE, true);

    /** Whether {@code found} is as new, or the deletion seen and forgotten since. */
    boolean isReachedBy(Versioned<?> found) {
      return found.tag().compareTo(tag) >= 0 || isAbsent && found.tag().isNone();
    }
  }

  private final QuorumStore<K, V> store;
  private final Map<K, Seen> seen;

  MonotonicSession(QuorumStore<K, V> store, int maxKeys) {
    if (maxKeys < 1) {
      throw new IllegalArgumentException("maxKeys must be at least 1, was " + maxKeys);
    }
    this.store = store;
    this.seen =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, Seen> eldest) {
            return size() > maxKeys;
          }
        };
  }

  private Seen seenOf(K key) {
    synchronized (seen) {
      return seen.getOrDefault(key, Seen.NOTHING);
    }
  }

  private void saw(K key, Tag tag, boolean isAbsent) {
    synchronized (seen) {
      seen.merge(
          key, new Seen(tag, isAbsent), (a, b) -> a.tag.compareTo(b.tag) >= 0 ? a : b);
    }
  }

  @Override
  public CompletableFuture<Versioned<V>> get(K key, ReadOptions options) {
    return store
        .get(key, options)
        .thenCompose(
            found -> {
              if (seenOf(key).isReachedBy(found)
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
              if (!seenOf(key).isReachedBy(found)) {
                throw new RefusedException(
                    "no replica that can be reached has version " + seenOf(key).tag);
              }
              saw(key, found.tag(), found.value().isEmpty());
              return found;
            });
  }

  @Override
  public CompletableFuture<Tag> put(K key, V value, WriteOptions options) {
    return store
        .put(key, value, options)
        .thenApply(
            tag -> {
              saw(key, tag, false);
              return tag;
            });
  }

  @Override
  public CompletableFuture<Optional<Tag>> delete(K key, WriteOptions options) {
    return store
        .delete(key, options)
        .thenApply(
            tag -> {
              tag.ifPresent(t -> saw(key, t, true));
              return tag;
            });
  }
}
