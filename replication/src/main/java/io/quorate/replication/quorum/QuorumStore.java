package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Registers that are replicated to several nodes and read and written through quorums of them.
 *
 * <p>Any node coordinates any key. Keys are independent: there is no operation over two of them,
 * and no compare-and-set, which registers cannot give; both are the strongly consistent store's
 * part.
 *
 * <p>Every failure says what may have become of the operation: {@link
 * io.quorate.core.RefusedException} means no effect, now or later, as every failed read is; {@link
 * io.quorate.core.IndeterminateException} that a write may have taken effect, or may at any later
 * time, at most once.
 *
 * <p>Safe for use by many threads. Futures complete on the store's event loop, each exactly once;
 * cancelling one does not undo the operation. At most {@link QuorumOptions.Limits#maxOperations}
 * are in flight; more are refused at once.
 */
public interface QuorumStore<K, V> extends AutoCloseable {
  /**
   * Opens this node's replica and begins to serve. The future completes once its disk has been
   * read, on the store's event loop; it does not wait for other nodes. Fails with {@link
   * io.quorate.core.storage.CorruptionException} or {@link
   * io.quorate.core.storage.StorageException} if the directory is damaged, in use or another
   * node's.
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

  /**
   * Opens this node's replica under the placement that is agreed on in {@code register}, and
   * follows it as it changes. The node need not be in the placement: it coordinates then, and holds
   * keys once it has been added. On a disk that has never followed a register this waits for the
   * register to have a placement, a minute at most; later starts go by what was kept until the
   * register is read. Fails as the other {@code open}.
   *
   * <p>The application tells the transport the addresses of nodes before they are added.
   *
   * @param keys must give every key at least one byte
   */
  static <K, V> CompletableFuture<QuorumStore<K, V>> open(
      Environment environment,
      PlacementRegister register,
      Codec<K> keys,
      Codec<V> values,
      QuorumOptions options) {
    return TypedQuorumStore.open(environment, register, keys, values, options);
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

  /**
   * Gives up what only lost disks held: this node's replica answers quorums from now on with what
   * it has, though it may lack writes that were acknowledged. For when so many disks were lost at
   * once that the replicas wait for each other for ever, and there is no other copy: call it on the
   * nodes with new disks, once they have received what the others have.
   */
  CompletableFuture<Void> acceptLoss();

  /** What this node's replica is like. */
  CompletableFuture<ReplicaStatus> status();

  /**
   * Changes the placement, with all operations going on: adds, removes or replaces a node, or goes
   * over to another placement. Any node may be asked, and may die: the others see it through.
   *
   * <p>Keys are moved first, under quorums of both placements, and then the new placement alone
   * counts. One change at a time. To give up one that does not come on, see {@link #cancelChange}.
   *
   * <p>Fails with {@link IllegalArgumentException} if the change makes no sense, {@link
   * io.quorate.core.RefusedException} if another is in progress or came first, if a new node does
   * not answer or has no room, or if the change was cancelled, and {@link
   * io.quorate.core.IndeterminateException} if how it ends is not known: the store was closed, or
   * nothing has moved for {@link MoveOptions#patience}. It then goes on all the same, and {@link
   * #changeInProgress} tells.
   *
   * @param listener told how far it is, on the store's event loop, every {@link
   *     MoveOptions#pollInterval}
   * @return the state that the change has led to
   * @throws IllegalStateException if the store was opened with a fixed placement
   */
  CompletableFuture<PlacementState> change(
      PlacementChange change, Consumer<MoveProgress> listener);

  /**
   * As {@link #change(PlacementChange, Consumer)}, and refused unless the placement is still of
   * {@code epoch}: for who has looked at it and decided by it.
   */
  CompletableFuture<PlacementState> change(
      long epoch, PlacementChange change, Consumer<MoveProgress> listener);

  /** As {@link #change(PlacementChange, Consumer)}, without being told of progress. */
  default CompletableFuture<PlacementState> change(PlacementChange change) {
    return change(change, progress -> {});
  }

  /**
   * Gives up the change in progress, also one that another node was asked for: all keys stay where
   * they were, and nothing is lost. Fails with {@link io.quorate.core.RefusedException} if there is
   * none, or it has just been settled.
   */
  CompletableFuture<PlacementState> cancelChange();

  /** How far the change in progress is, as this node knows; empty if none is. */
  CompletableFuture<Optional<MoveProgress>> changeInProgress();

  /** The state of the placement that this node goes by. */
  CompletableFuture<PlacementState> placement();

  /** Stops accepting, fails what is pending, then lets go of the disk; tells when it has. */
  CompletableFuture<Void> shutdown();

  /** Begins {@link #shutdown} and returns at once. */
  @Override
  void close();
}
