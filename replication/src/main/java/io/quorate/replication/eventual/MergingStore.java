package io.quorate.replication.eventual;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.crdt.Actor;
import io.quorate.replication.crdt.Merge;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;

/**
 * A map of mergeable values that every member holds whole and changes alone; where two changes meet
 * they are joined, and neither is lost. For siblings that the application resolves, keep {@link
 * io.quorate.replication.crdt.MvRegister}s.
 *
 * <p>Threads, futures and failures as with {@link EventualStore}. A change whose outcome is not known
 * must not be repeated unless repeating it does no harm: a counter would count twice.
 */
public interface MergingStore<K, V> extends AutoCloseable {
  /**
   * Opens this node's copy, as {@link EventualStore#open} does.
   *
   * @param empty what a key holds that was never changed
   * @param merge joins two values; must be commutative, associative and idempotent, in bytes too
   */
  static <K, V> CompletableFuture<MergingStore<K, V>> open(
      Environment environment,
      Collection<NodeId> members,
      Codec<K> keys,
      Codec<V> values,
      V empty,
      Merge<V> merge,
      EventualOptions options) {
    return JoiningStore.open(environment, members, keys, values, empty, merge, options);
  }

  /** Changes a value on behalf of {@code actor}, which is this start of this node. */
  @FunctionalInterface
  interface Change<V> {
    V apply(V value, Actor actor);
  }

  /** What this node holds, durably. */
  CompletableFuture<V> get(K key);

  /**
   * Changes the value on this node; completes once that is durable, with the new value. Changes of
   * one key are applied one after the other.
   *
   * @param change called on the store's event loop: must not block; if it throws nothing has changed
   */
  CompletableFuture<V> update(K key, Change<V> change);

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
