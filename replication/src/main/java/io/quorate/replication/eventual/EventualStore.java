package io.quorate.replication.eventual;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A map that every member holds whole and answers from alone, also when it can reach no other.
 *
 * <p>What it promises: an acknowledged write is on the disk of the node that took it. Of two writes to
 * one key the one with the larger version wins, everywhere alike; a write is newer than everything
 * that its node had seen, so writes through one node keep their order. Once writes and faults have
 * stopped all members answer alike. What it does not: a read may be old, and of writes to one key on
 * two nodes at once one is lost without anybody being told. Where that matters, use a {@link
 * MergingStore}.
 *
 * <p>Safe for use by many threads. Futures complete on the store's event loop, each exactly once.
 * Failures are {@link io.quorate.core.RefusedException} (no effect) and, for a write that the disk did
 * not confirm, {@link io.quorate.core.IndeterminateException}.
 */
public interface EventualStore<K, V> extends AutoCloseable {
  /**
   * Opens this node's copy. The future completes once its disk has been read, on the store's event
   * loop; it does not wait for other nodes. Fails with {@link
   * io.quorate.core.storage.CorruptionException} or {@link io.quorate.core.storage.StorageException}
   * if the directory is damaged, in use or another node's.
   *
   * @param members all nodes of the store, this one included; the same on each
   * @param keys must give every key at least one byte
   */
  static <K, V> CompletableFuture<EventualStore<K, V>> open(
      Environment environment,
      Collection<NodeId> members,
      Codec<K> keys,
      Codec<V> values,
      EventualOptions options) {
    return LastWriterStore.open(environment, members, keys, values, options);
  }

  /** What this node holds, durably; an absent key has an empty value. */
  CompletableFuture<Versioned<V>> get(K key);

  /**
   * Writes on this node; completes once that is durable, with the version.
   *
   * @throws IllegalArgumentException if the key has no bytes or the value too many
   */
  CompletableFuture<Tag> put(K key, V value);

  /** Deletes on this node; completes with the deletion's version, or empty if nothing was there. */
  CompletableFuture<Optional<Tag>> delete(K key);

  /**
   * Goes over to other members: writes go to them at once, and comparing goes on among those that
   * know of the same members, while operations are answered as before. Completes once this node
   * compares itself with the new members; may be called meanwhile. A node that was no member for a
   * while must come back without its old directory, or keys that were deleted meanwhile may too.
   *
   * @param members all nodes of the store, this one included; to be told to each of them
   */
  CompletableFuture<Void> changeMembers(Collection<NodeId> members);

  /** Compares this copy with every other member now; completes with the cells exchanged. */
  CompletableFuture<Integer> repair();

  /** How old what this node answers may be. */
  CompletableFuture<Staleness> staleness();

  /** Stops accepting, fails what is pending, then lets go of the disk; tells when it has. */
  CompletableFuture<Void> shutdown();

  /** Begins {@link #shutdown} and returns at once. */
  @Override
  void close();
}
