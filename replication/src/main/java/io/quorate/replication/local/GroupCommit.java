package io.quorate.replication.local;

import io.quorate.core.EventLoop;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the log: where records are appended, and forced in groups.
 *
 * <p>Records of one turn of the loop, and of the time that the disk takes for the group before, are
 * one group: one write, one force. The loop decides where each record will be, so its place is known
 * before it is written; the disk executor only follows. What is appended is taken off the room that
 * the disk was last seen to have, so that a full disk is known before anything is begun that it
 * cannot hold; should others have taken the room, it is waited for. After a failed write or force
 * nobody knows what is on the disk, so nothing more is written. State belongs to the loop.
 */
final class GroupCommit {
  private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);
  private static final long MEASURE_EVERY_BYTES = 256 << 10;
  /** With less room than this, it is measured with every group. */
  private static final long AMPLE_BYTES = 64 << 20;
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
  /** Whether writes are refused until the disk is seen to have room again. */
  private boolean full;
  /** What may still be appended, by what the disk said last. */
  private long room;
  private long bytesSinceMeasured;
  /** The length of the group that is being written. */
  private int writingBytes;
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
    this.room = files.roomBytes();
    this.full = room < 0;
    if (full) {
      loop.execute(this::retryWhenFull);
    }
  }

  /** Appends {@code cell} and returns where it will be. */
  Entry append(Key key, Cell cell) {
    int offset = begin();
    int length = RecordFormat.write(staging, key, cell);
    room -= length;
    planFlush();
    return new Entry(
        key, cell.tag(), cell.isTombstone(), cell.expiryMillis(), tailSegment, offset, length,
        nextSequence);
  }

  /** Appends the record that says that {@code key} is forgotten. */
  void appendForgotten(Key key) {
    begin();
    room -= RecordFormat.write(staging, key, null);
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
    bytesSinceMeasured += length;
    writtenBytes += length;
    writingBytes = length;
    boolean measure =
        create || room < AMPLE_BYTES || bytesSinceMeasured >= MEASURE_EVERY_BYTES;
    if (measure) {
      bytesSinceMeasured = 0;
    }
    write(new Group(group, length, sequence, tailSegment, offset, create, measure));
  }

  /** What is written and forced together, and where. */
  private record Group(
      ByteWriter bytes,
      int length,
      long sequence,
      int segment,
      int offset,
      boolean create,
      boolean measure) {}

  private void write(Group group) {
    disk.execute(
        () -> {
          boolean ahead;
          OptionalLong measured;
          try {
            if (group.create && !files.contains(group.segment)) {
              files.create(group.segment, group.sequence);
            }
            ahead =
                files.writeGroup(group.segment, group.offset, group.bytes.array(), group.length);
            measured =
                group.measure ? OptionalLong.of(files.roomBytes()) : OptionalLong.empty();
          } catch (SegmentFiles.NoRoomException e) {
            loop.execute(() -> waitForRoom(group, e));
            return;
          } catch (StorageException e) {
            loop.execute(() -> fail(e));
            return;
          }
          loop.execute(() -> written(group.sequence, ahead, measured));
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
    if (!full) {
      full = true;
      log.warn("disk is nearly full, writes are refused directory={}", options.directory());
      loop.schedule(FULL_RETRY_NANOS, this::retryWhenFull);
    }
  }

  private void written(long sequence, boolean ahead, OptionalLong measured) {
    writing = false;
    writingBytes = 0;
    durableSequence = sequence;
    measured.ifPresent(this::measured);
    if (!ahead || room < 0) {
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

  /** The disk has so much room, and nothing of what gathers here, or is being written, is on it. */
  private void measured(long bytes) {
    room = bytes - writingBytes - staging.size();
  }

  private void retryWhenFull() {
    if (closing || failure != null) {
      return;
    }
    disk.execute(
        () -> {
          long bytes = files.roomBytes();
          loop.execute(
              () -> {
                measured(bytes);
                full = room < 0;
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

  boolean isFull() {
    return full;
  }

  /** Whether the disk can hold {@code bytes} more; if not, it is full until it is seen to. */
  boolean hasRoomFor(long bytes) {
    if (!full && bytes > room) {
      becameFull();
    }
    return !full;
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
