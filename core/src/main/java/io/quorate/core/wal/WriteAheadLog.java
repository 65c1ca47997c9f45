package io.quorate.core.wal;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.storage.StorageException;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;

/**
 * Many {@linkplain LogicalLog logical logs} in one sequence of files, made durable together.
 *
 * <p>Appending writes into memory and returns the record's <em>position</em>: where it ends in the
 * sequence of all records. One thread of the log's own writes and syncs whatever has gathered in a
 * turn of the loop that the log was opened with, one write and one fsync for all, and then tells
 * each event loop once how far the log is durable. A record counts only once {@link
 * #durablePosition} has reached its position.
 *
 * <p>Positions grow with every record, in the order of appending, over all logical logs and over
 * restarts. After a crash the log holds a prefix of what was appended, which contains everything
 * that was durable.
 *
 * <p>After a failed write or sync the log stops for good: appends fail, entries may still be read.
 * Only opening the directory again tells what survived. A full disk stops nothing: entries are
 * refused until there is room, and what is there stays readable.
 *
 * <p>It reports {@code wal_written_bytes}, {@code wal_sync_nanos}, {@code wal_durable_position} and
 * {@code wal_size_bytes}, labelled by directory. Under the simulator small segments ({@link
 * WalOptions#withSegmentBytes}) save the most time, for each new one is filled with zeros.
 *
 * <p>Safe for use by many threads; each logical log belongs to one event loop. Closing the
 * environment does not release the directory: {@link #shutdown} does.
 */
public interface WriteAheadLog extends AutoCloseable {
  /**
   * Opens the log in {@code directory}, or creates it there. What is found is verified, and made
   * durable where it may not have been.
   *
   * <p>Uses two blocking executors and no event loop but those of its owners.
   *
   * @param directory a path in the environment's storage
   * @param loop the future completes there; the owner of logical logs that name no other
   * @return fails with {@link io.quorate.core.storage.CorruptionException} if stored bytes are
   *     damaged, naming file and offset, and with {@link StorageException} if the directory is in
   *     use, belongs to another identity, was written by a newer release, or cannot be read
   */
  static CompletableFuture<WriteAheadLog> open(
      Environment environment, String directory, EventLoop loop, WalOptions options) {
    return Opening.open(environment, directory, loop, options);
  }

  /**
   * The logical log called {@code id}, owned by the event loop that the log was opened with. Empty
   * if it has never been written to.
   *
   * @param id at least 0
   */
  LogicalLog log(long id);

  /**
   * The logical log called {@code id}, owned by {@code owner}; the same object for the same id.
   *
   * @throws IllegalArgumentException if it has another owner already
   */
  LogicalLog log(long id, EventLoop owner);

  /** The logical logs that hold entries, a state, or another first index than 1. */
  SortedSet<Long> logIds();

  /** Drawn when the log was made: tells it from another that was made in its place. */
  long nonce();

  /** Records that end here or before are durable. */
  long durablePosition();

  /** Why the log has stopped, if it has. */
  Optional<StorageException> failure();

  /** Whether entries are refused because the disk has no room for the next file. */
  boolean isFull();

  /**
   * What the files take, dead records and pre-allocated room included, but not the one prepared
   * ahead and up to four that are of no use any more and kept to become the next ones.
   */
  long sizeBytes();

  /** Calls {@code listener} on {@code loop} whenever more has become durable. */
  void listen(EventLoop loop, DurabilityListener listener);

  /**
   * Refuses appends from now on, makes durable what was appended, then closes the files and
   * releases the directory. What cannot be made durable fails. Repeated calls give the same future,
   * which completes on the loop that the log was opened with.
   */
  CompletableFuture<Void> shutdown();

  /** Begins {@link #shutdown} and returns at once. */
  @Override
  void close();
}
