package io.quorate.core.wal;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One log of a {@link WriteAheadLog}: entries numbered one after the other, and one small state.
 *
 * <p>Owned by one event loop: every method is called there, and futures complete there. Methods
 * that change the log take effect at once in memory, do no I/O, and return the <em>position</em> at
 * which the change is durable. Changes of one log, and of logs of one owner, are recovered in the
 * order in which they were made, each whole or not at all.
 *
 * <p>Methods that change the log throw {@link io.quorate.core.storage.StorageException} once the
 * whole log has stopped, {@link IllegalStateException} once it is shut down, and {@link
 * io.quorate.core.RefusedException} when too much waits for the disk; entries are refused as well
 * while the disk is full. {@link IllegalArgumentException} tells of an argument out of range, or
 * that segments are too small for the states of so many logs. Whatever is thrown, nothing was
 * changed.
 */
public interface LogicalLog {
  long id();

  /** The index of the oldest entry, or {@link #nextIndex} if there is none. */
  long firstIndex();

  /** The index that the next entry will have; 1 in a new log. */
  long nextIndex();

  /**
   * Appends an entry with index {@link #nextIndex}; it may be read at once.
   *
   * @param payload neither copied nor to be modified, for it is what readers are given
   * @return the position at which it is durable
   * @throws IllegalArgumentException if it is larger than {@link WalOptions#maxRecordBytes}
   */
  long append(byte[] payload);

  /**
   * Appends the entries in order, or none if they are refused.
   *
   * @return the position at which all are durable
   */
  long append(List<byte[]> payloads);

  /**
   * Appends one entry, gathered from several places, that is not kept in memory: who reads it waits
   * until it is durable and is given it from the disk.
   *
   * @param parts buffers on the heap; what remains of them is copied, in their order, and none is
   *     changed
   * @return the position at which it is durable
   * @throws IllegalArgumentException if together they are larger than {@link
   *     WalOptions#maxRecordBytes}, or one is not on the heap
   */
  long append(ByteBuffer[] parts);

  /**
   * Removes the entries from {@code fromIndex} on.
   *
   * @throws IllegalArgumentException if that is outside of [firstIndex, nextIndex]
   */
  long truncateSuffix(long fromIndex);

  /**
   * Removes the entries before {@code beforeIndex}.
   *
   * @throws IllegalArgumentException if that is outside of [firstIndex, nextIndex]
   */
  long dropPrefix(long beforeIndex);

  /**
   * Removes all entries and continues at {@code firstIndex}, as after the installation of a
   * snapshot. The state stays.
   *
   * @param firstIndex at least 1
   */
  long reset(long firstIndex);

  /**
   * Replaces the state: a small record of which only the latest counts, such as term and vote.
   *
   * @param state at most an eighth of a segment; copied
   */
  long putState(byte[] state);

  /** A copy of the latest state, durable or not. */
  Optional<byte[]> state();

  /**
   * Whether entries are refused because the disk has no room for the next file. The same throughout
   * each turn of the owner's loop, so what the owner begins because it is false will be taken.
   */
  boolean isFull();

  /** Forgets entries and state, as if the log had never been; it may be used anew. */
  long delete();

  /**
   * Completes once the log is durable at {@code position}, or fails with {@link
   * io.quorate.core.storage.StorageException} if it stops before.
   */
  CompletableFuture<Void> durable(long position);

  /**
   * The entry if it is in memory, as every entry is that is not durable yet and was appended in one
   * array. Not a copy.
   */
  Optional<byte[]> cached(long index);

  /**
   * The entries from {@code fromIndex} on, as many as have {@code maxBytes} of payload together,
   * but at least one unless {@code fromIndex} is {@link #nextIndex}. Complete already if all of
   * them are in memory. Each one read from the disk is verified.
   *
   * @return fails with {@link io.quorate.core.storage.CorruptionException} if what is stored is not
   *     what was written. The arrays are not copies
   * @throws IllegalArgumentException if {@code fromIndex} is outside of [firstIndex, nextIndex]
   */
  CompletableFuture<List<byte[]>> read(long fromIndex, long maxBytes);

  /** What the entries take on disk, without removed ones. */
  long sizeBytes();
}
