package io.quorate.replication.local;

import io.quorate.core.EventLoop;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the log: where records are appended, and forced in groups.
 *
 * <p>Records of one turn of the loop, and of the time that the disk takes for the group before, are
 * one group: one write, one force. The loop decides where each record will be, so its place is known
 * before it is written; the disk executor only follows. A full disk is waited for; after a failed
 * write or force nobody knows what is on the disk, so nothing more is written. State belongs to the
 * loop.
 */
final class GroupCommit {
  private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);
  private static final long FULL_CHECK_BYTES = 256 << 10;
  private static final long FULL_RETRY_NANOS = 1_000_000_000L;

  private final EventLoop loop;
  private final Executor disk;
  private final SegmentFiles files;
  private final LocalOptions options;
  private final Runnable onWritten;

  private ByteWriter staging = new ByteWriter(1 << 16);
  private ByteWriter spare = new ByteWriter(1 << 16);
  private List<Runnable> stagingWaiters = new ArrayList<>();
  private List<Runnable> writingWaiters = new ArrayList<>();
  private int tailSegment;
  private int tailOffset;
  private boolean newSegment;
  /** The sequence of the group that is being staged. */
  private long nextSequence;
  private long durableSequence;
  private boolean writing;
  private boolean flushPlanned;
  private boolean nearlyFull;
  private long bytesSinceFullCheck;
  private long writtenBytes;
  private boolean closing;
  private RuntimeException failure;
  private final List<Consumer<RuntimeException>> failureListeners = new ArrayList<>();

  /**
   * Goes on at {@code tail}.
   *
   * @param disk runs one task at a time, in order
   * @param onWritten told after each group, and when a full disk may have room again
   */
  GroupCommit(
      EventLoop loop,
      Executor disk,
      SegmentFiles files,
      LocalOptions options,
      IndexSnapshot.Position tail,
      Runnable onWritten) {
    this.loop = loop;
    this.disk = disk;
    this.files = files;
    this.options = options;
    this.onWritten = onWritten;
    this.tailSegment = tail.segment();
    this.tailOffset = tail.offset();
    this.nextSequence = tail.sequence();
    this.durableSequence = nextSequence - 1;
    this.nearlyFull = files.isNearlyFull();
    if (nearlyFull) {
      loop.execute(this::retryWhenFull);
    }
  }

  /** Appends {@code cell} and returns where it will be. */
  Entry append(Key key, Cell cell) {
    int offset = begin();
    int length = RecordFormat.write(staging, key, cell);
    planFlush();
    return new Entry(
        key, cell.tag(), cell.isTombstone(), cell.expiryMillis(), tailSegment, offset, length,
        nextSequence);
  }

  /** Appends the record that says that {@code key} is forgotten. */
  void appendForgotten(Key key) {
    begin();
    RecordFormat.write(staging, key, null);
    planFlush();
  }

  /** Begins a group if none is being staged; where the next record will be. */
  private int begin() {
    if (staging.size() == 0) {
      if (tailSegment == 0 || tailOffset >= options.segmentBytes()) {
        tailSegment++;
        tailOffset = RecordFormat.SEGMENT_HEADER_BYTES;
        newSegment = true;
      }
      staging.int32(0).int32(0).int64(nextSequence);
    }
    return tailOffset + staging.size();
  }

  private void planFlush() {
    if (!flushPlanned && !writing) {
      flushPlanned = true;
      loop.execute(this::flush);
    }
  }

  private void flush() {
    flushPlanned = false;
    if (writing || staging.size() == 0 || failure != null) {
      return;
    }
    writing = true;
    ByteWriter group = staging;
    staging = spare;
    staging.clear();
    spare = group;
    List<Runnable> waiters = stagingWaiters;
    stagingWaiters = writingWaiters;
    writingWaiters = waiters;
    int length = group.size();
    group.setInt32(0, length - RecordFormat.GROUP_HEADER_BYTES);
    group.setInt32(4, RecordFormat.groupCrc(group.array(), Long.BYTES, length - Long.BYTES));
    long sequence = nextSequence++;
    int offset = tailOffset;
    boolean create = newSegment;
    newSegment = false;
    tailOffset = RecordFormat.aligned(offset + length);
    bytesSinceFullCheck += length;
    writtenBytes += length;
    boolean checkFull = create || bytesSinceFullCheck >= FULL_CHECK_BYTES;
    if (checkFull) {
      bytesSinceFullCheck = 0;
    }
    write(new Group(group, length, sequence, tailSegment, offset, create, checkFull));
  }

  /** What is written and forced together, and where. */
  private record Group(
      ByteWriter bytes,
      int length,
      long sequence,
      int segment,
      int offset,
      boolean create,
      boolean checkFull) {}

  private void write(Group group) {
    disk.execute(
        () -> {
          boolean full;
          try {
            if (group.create && !files.contains(group.segment)) {
              files.create(group.segment, group.sequence);
            }
            boolean room =
                files.writeGroup(group.segment, group.offset, group.bytes.array(), group.length);
            full = !room || group.checkFull && files.isNearlyFull();
          } catch (SegmentFiles.NoRoomException e) {
            loop.execute(() -> waitForRoom(group, e));
            return;
          } catch (StorageException e) {
            loop.execute(() -> fail(e));
            return;
          }
          loop.execute(() -> written(group.sequence, full));
        });
  }

  /** Nothing of the group is written yet, so it may be tried again; nobody was told of it. */
  private void waitForRoom(Group group, StorageException e) {
    if (closing) {
      fail(e);
      return;
    }
    becameFull();
    loop.schedule(FULL_RETRY_NANOS, () -> write(group));
  }

  private void becameFull() {
    if (!nearlyFull) {
      nearlyFull = true;
      log.warn("disk is nearly full, writes are refused directory={}", options.directory());
      loop.schedule(FULL_RETRY_NANOS, this::retryWhenFull);
    }
  }

  private void written(long sequence, boolean full) {
    writing = false;
    durableSequence = sequence;
    if (full) {
      becameFull();
    }
    List<Runnable> waiters = writingWaiters;
    for (Runnable waiter : waiters) {
      waiter.run();
    }
    waiters.clear();
    flush();
    onWritten.run();
  }

  private void retryWhenFull() {
    if (closing || failure != null) {
      return;
    }
    disk.execute(
        () -> {
          boolean full = files.isNearlyFull();
          loop.execute(
              () -> {
                nearlyFull = full;
                onWritten.run();
                if (full) {
                  loop.schedule(FULL_RETRY_NANOS, this::retryWhenFull);
                } else {
                  log.info("disk has room again directory={}", options.directory());
                }
              });
        });
  }

  /** Writes nothing more; what waits to be durable never will be. */
  void fail(StorageException e) {
    if (failure != null) {
      return;
    }
    failure = e;
    log.error("the log cannot be written any more directory={}", options.directory(), e);
    writingWaiters.clear();
    stagingWaiters.clear();
    failureListeners.forEach(listener -> listener.accept(e));
  }

  /** Why nothing more is written; null if all is well. */
  RuntimeException failure() {
    return failure;
  }

  void onFailure(Consumer<RuntimeException> then) {
    if (failure != null) {
      then.accept(failure);
    } else {
      failureListeners.add(then);
    }
  }

  boolean isNearlyFull() {
    return nearlyFull;
  }

  /** From now on a full disk is a failure. */
  void close() {
    closing = true;
  }

  /** Where the next group will be, and what its sequence is. */
  IndexSnapshot.Position position() {
    return new IndexSnapshot.Position(tailSegment, tailOffset, nextSequence);
  }

  int tailSegment() {
    return tailSegment;
  }

  /** Bytes handed to the disk since this was opened. */
  long writtenBytes() {
    return writtenBytes;
  }

  /** The sequence that covers all that was appended until now. */
  long lastSequence() {
    return staging.size() == 0 ? nextSequence - 1 : nextSequence;
  }

  long durableSequence() {
    return durableSequence;
  }

  /** Runs {@code then} once {@code sequence} is durable, at once if it is; never after a failure. */
  void whenDurable(long sequence, Runnable then) {
    if (sequence <= durableSequence) {
      then.run();
    } else if (failure == null) {
      (sequence == nextSequence ? stagingWaiters : writingWaiters).add(then);
    }
  }
}
