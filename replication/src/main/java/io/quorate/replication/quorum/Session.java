package io.quorate.replication.quorum;

import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One user's view of a store: reads its own writes, and reads never go back. Safe for use by many
 * threads; what two of them do at once is not ordered.
 */
public interface Session<K, V> {
  /**
   * Reads at the given consistency, and more strongly if that gives an older version than this
   * session knows. Fails with {@link io.quorate.core.RefusedException} if no replica that can be
   * reached has it.
   */
  CompletableFuture<Versioned<V>> get(K key, ReadOptions options);

  CompletableFuture<Tag> put(K key, V value, WriteOptions options);

  CompletableFuture<Optional<Tag>> delete(K key, WriteOptions options);
}
