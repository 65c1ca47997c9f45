package io.quorate.replication.local;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Versioned cells on one node's disk.
 *
 * <p>{@link #put} and {@link #whenDurable} are apart, so that many writes share one wait for the
 * disk: a put is seen by {@link #find} and {@link #read} at once and survives a crash only from the
 * moment its sequence is durable. Whoever tells others of a cell must wait for that.
 *
 * <p>Belongs to the event loop it was opened with: every method is called there, and every callback
 * and future completes there. Keys must fit in memory, at roughly 200 bytes each.
 *
 * <p>After a failed write or force nothing more is written: {@link #isWritable} turns false for good
 * and {@link #put} throws; reads go on. A full disk makes it false until there is room again.
 */
public interface LocalStore {
  /**
   * Opens the store, reading the index snapshot and the log behind it. The future completes on
   * {@code loop}, and fails with {@link io.quorate.core.storage.CorruptionException} if acknowledged
   * data is damaged and {@link io.quorate.core.storage.StorageException} if the directory is in use.
   */
  static CompletableFuture<LocalStore> open(
      Environment environment, EventLoop loop, LocalOptions options) {
    return LogStructuredStore.open(environment, loop, options);
  }

  /** What is known of {@code key} without looking at the disk. */
  Optional<Stored> find(Key key);

  /**
   * The cell of {@code key}, often at once. Fails with {@link
   * io.quorate.core.storage.CorruptionException} if its bytes on disk are damaged.
   */
  CompletableFuture<Optional<Cell>> read(Key key);

  /** Whether {@link #put} is accepted. */
  boolean isWritable();

  /**
   * Replaces the cell of {@code key}, whichever was there: to compare versions is the caller's part.
   *
   * @return the sequence to wait for
   * @throws io.quorate.core.RefusedException if not {@link #isWritable}, or if the disk has no room
   *     for it, which makes it full; nothing has changed
   */
  long put(Key key, Cell cell);

  /** Forgets {@code key} altogether; as {@link #put} otherwise. */
  long forget(Key key);

  /** The sequence to wait for so that what {@link #find} tells of {@code key} is durable. */
  long sequenceOf(Key key);

  /** All up to this sequence is durable. */
  long durableSequence();

  /** Runs {@code then} once {@code sequence} is durable, at once if it is; never if writing fails. */
  void whenDurable(long sequence, Runnable then);

  /** Keys held, tombstones included. */
  int size();

  /** Tells of every key, in no order that means anything; the store must not change meanwhile. */
  void forEach(Consumer<Stored> visitor);

  /**
   * The keys from {@code from} on and before {@code to}, in order, at most {@code max}.
   *
   * @throws UnsupportedOperationException unless the store is sorted
   */
  List<Stored> scan(Key from, Key to, int max);

  /** Writes the index out now, so that reopening reads little. */
  CompletableFuture<Void> snapshot();

  /** Bytes of log on disk. */
  long logBytes();

  /** Bytes of log that are the newest of their key. */
  long liveBytes();

  /** Runs {@code then} when writing has failed for good. */
  void onFailure(Consumer<RuntimeException> then);

  /** Writes what waits and the index, then lets go of the directory. May be called twice. */
  CompletableFuture<Void> shutdown();
}
