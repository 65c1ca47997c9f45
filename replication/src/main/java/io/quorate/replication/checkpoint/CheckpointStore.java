package io.quorate.replication.checkpoint;

import io.quorate.core.Environment;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Keeps saved training state: all of a checkpoint's shards or none, verified when read.
 *
 * <p>A checkpoint exists from the moment its manifest is in place, after all shards are on disk; a
 * crash at any point before leaves no trace, a crash after loses nothing. Loading verifies every
 * byte and falls back to the newest good one. Collection never deletes the last good one.
 *
 * <p>Safe for use by many threads. Futures complete on the store's event loop; cancelling one does
 * not undo the operation. Files are read and written on blocking executors only.
 */
public interface CheckpointStore extends AutoCloseable {
  /**
   * Opens the checkpoints in {@code options.directory()} and removes what unfinished saves left.
   * Waits for the disk: not to be called on an event loop.
   *
   * @throws io.quorate.core.storage.StorageException if the directory cannot be used
   */
  static CheckpointStore open(Environment environment, CheckpointOptions options) {
    return ReplicatedCheckpointStore.open(environment, options);
  }

  /**
   * Saves {@code shards} as one checkpoint.
   *
   * <p>Training need not wait: the sources are read later, {@code parallelism} at once, so they must
   * be snapshots. The future completes once {@code copies} nodes hold the checkpoint durably, and
   * fails with {@link io.quorate.core.RefusedException} if too many saves are in flight or a source
   * or the disk failed before the checkpoint existed, or with {@link
   * io.quorate.core.IndeterminateException} if it exists but on too few nodes.
   *
   * @param step how far training has come; at least 0
   * @param metadata what is needed to go on from it: data position, seeds, model version
   * @param shards the files by name; at least one
   */
  CompletableFuture<CheckpointInfo> save(
      long step,
      Map<String, String> metadata,
      Map<String, ShardSource> shards,
      SaveProgress progress);

  /**
   * The newest good checkpoint, here once the future completes; empty if there is none.
   *
   * <p>Reads every byte. Damaged ones are put aside and older ones tried. With peers, asks them too
   * and fetches what is newer there; fails with {@link io.quorate.core.RefusedException} if so few
   * answer that a newer one may exist, because going on from an older one would lose work unseen.
   */
  CompletableFuture<Optional<CheckpointInfo>> latest();

  /**
   * Writes a shard to {@code out} on a blocking executor, verifying it meanwhile. If the future fails
   * what {@code out} has got must be thrown away.
   */
  CompletableFuture<Void> read(CheckpointInfo checkpoint, String shard, OutputStream out);

  /** The checkpoints on this node whose manifests are good, newest first; shards are not verified. */
  CompletableFuture<List<CheckpointInfo>> list();

  /** Keeps {@code id} from being collected, durably. */
  CompletableFuture<Void> pin(CheckpointId id);

  /** Lets {@code id} be collected again. */
  CompletableFuture<Void> unpin(CheckpointId id);

  /**
   * Deletes all but the newest {@code keepLast}, the pinned, those being read, and the newest that
   * verifies; returns what was deleted. Reads all of at least one checkpoint.
   */
  CompletableFuture<List<CheckpointId>> collect();

  /** Stops accepting; what is in flight fails. May be called twice. */
  @Override
  void close();
}
