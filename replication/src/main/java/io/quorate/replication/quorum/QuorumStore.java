package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Registers that are replicated to several nodes and read and written through quorums of them.
 *
 * <p>Any node coordinates any key. Keys are independent: there is no operation over two of them, and
 * no compare-and-set, which registers cannot give; both are the strongly consistent store's part.
 *
 * <p>Every failure says what may have become of the operation: {@link
 * io.quorate.core.RefusedException} means no effect, now or later, as every failed read is; {@link
 * io.quorate.core.IndeterminateException} that a write may have taken effect, or may at any later
 * time, at most once.
 *
 * <p>Safe for use by many threads. Futures complete on the store's event loop, each exactly once;
 * cancelling one does not undo the operation. At most {@link QuorumOptions.Limits#maxOperations} are
 * in flight; more are refused at once.
 */
public interface QuorumStore<K, V> extends AutoCloseable {
  /**
   * Opens this node's replica and begins to serve. The future completes once its disk has been read,
   * on the store's event loop; it does not wait for other nodes. Fails with {@link
   * io.quorate.core.storage.CorruptionException} or {@link io.quorate.core.storage.StorageException}
   * if the directory is damaged, in use or another node's.
   *
   * <p>All nodes must open with the same placement and options.
   *
   * @param keys must give every key at least one byte
   * @throws IllegalArgumentException if the configured quorums need not meet
   */
  static <K, V> CompletableFuture<QuorumStore<K, V>> open(
      Environment environment,
      Placement placement,
      Codec<K> keys,
      Codec<V> values,
      QuorumOptions options) {
    return TypedQuorumStore.open(environment, placement, keys, values, options);
  }

  /** Reads; an absent key has an empty value, and a tag if it was deleted. */
  CompletableFuture<Versioned<V>> get(K key, ReadOptions options);

  /** Reads at {@code QUORUM}. */
  default CompletableFuture<Versioned<V>> get(K key) {
    return get(key, ReadOptions.at(Consistency.QUORUM));
  }

  /**
   * Writes; completes with the version, which a read of this write has too.
   *
   * @throws IllegalArgumentException if the key has no bytes or the value too many
   */
  CompletableFuture<Tag> put(K key, V value, WriteOptions options);

  /** Writes at {@code QUORUM}. */
  default CompletableFuture<Tag> put(K key, V value) {
    return put(key, value, WriteOptions.at(Consistency.QUORUM));
  }

  /** Deletes; completes with the version of the deletion, or empty if the key was absent. */
  CompletableFuture<Optional<Tag>> delete(K key, WriteOptions options);

  /** Deletes at {@code QUORUM}. */
  default CompletableFuture<Optional<Tag>> delete(K key) {
    return delete(key, WriteOptions.at(Consistency.QUORUM));
  }

  /**
   * A view for one user: sees its own writes, and never an older version than it has seen, also at
   * {@code ONE} and through changing replicas. Remembers the last {@code maxKeys} keys.
   */
  Session<K, V> session(int maxKeys);

  /** Compares this replica with every peer now; completes with the cells that were exchanged. */
  CompletableFuture<Integer> repair();

  /** What this node's replica is like. */
  CompletableFuture<ReplicaStatus> status();

  /** Stops accepting, fails what is pending, then lets go of the disk; tells when it has. */
  CompletableFuture<Void> shutdown();

  /** Begins {@link #shutdown} and returns at once. */
  @Override
  void close();
}
