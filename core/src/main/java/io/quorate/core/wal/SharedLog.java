package io.quorate.core.wal;

import io.quorate.core.EventLoop;
import io.quorate.core.RefusedException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log that is open.
 *
 * <p>Three parties share it. Owners append under {@link #lock}, which is held for as long as it
 * takes to encode a record. The {@link SegmentWriter} takes what has gathered, writes, syncs and
 * reports, on an executor of its own. {@link SegmentPreparer}, {@link SegmentCleaner} and {@link
 * EntryReader} prepare, delete and read files, on another.
 *
 * <p>Invariants: what the writer takes is written in the order of positions; a batch is written
 * only after the one before was synced; {@link #durablePosition} moves only after a sync that
 * succeeded, and never again once there is a failure.
 */
final class SharedLog implements WriteAheadLog {
  private static final Logger log = LoggerFactory.getLogger(SharedLog.class);

  final ReentrantLock lock = new ReentrantLock();
  final WalWorld world;
  final Segments segments;
  final TreeMap<Long, LogContent> contents;

  private final long nonce;
  private final Staging staging;
  private final SegmentWriter writer;
  private final SegmentPreparer preparer;
  private final SegmentCleaner cleaner;
  private final EntryReader reader;
  private final Storage.Lock directoryLock;
  private final Map<Long, OwnedLog> owned = new TreeMap<>();
  private final LoopNotifiers notifiers = new LoopNotifiers(this);

  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  /** Whether the writer has work, or the task to look for some. */
  private boolean writing;
  private boolean closing;
  private boolean released;
  private int tableBytes;
  private volatile long durable;
  private volatile StorageException failure;
  private volatile boolean full;

  SharedLog(WalWorld world, Recovered recovered) {
    this.world = world;
    this.segments = recovered.segments();
    this.contents = recovered.contents();
    this.durable = recovered.end();
    this.nonce = recovered.manifest().nonce();
    int segmentBytes = world.options().segmentBytes();
    this.staging =
        new Staging(
            new RecordFormat(nonce),
            segments,
            contents.values(),
            segmentBytes,
            recovered.end(),
            recovered.afterMarker());
    this.directoryLock = recovered.lock();
    this.writer = new SegmentWriter(this, segments.newest(), recovered.spare());
    Segment last = recovered.spare().orElse(segments.newest());
    this.preparer = new SegmentPreparer(this, writer, nonce, last);
    this.cleaner = new SegmentCleaner(this, preparer, recovered.manifest());
    this.reader = new EntryReader(this, nonce);
    for (LogContent content : contents.values()) {
      tableBytes += LogTable.rowBytes(content.state.map(state -> state.length).orElse(0));
    }
    if (tableBytes > segmentBytes / 4) {
      throw new IllegalArgumentException(
          "segmentBytes of " + segmentBytes + " is too small for the logs that are there");
    }
    world.metrics().gauge("wal_durable_position", () -> durable, "log", world.directory());
    world.metrics().gauge("wal_size_bytes", this::sizeBytes, "log", world.directory());
  }

  /** Has the first spare segment prepared, and a tail that was recovered covered by a MARKER. */
  void start() {
    if (!writer.hasSpare()) {
      prepareNext();
    }
    lock.lock();
    unlockAndWake();
  }

  @Override
  public LogicalLog log(long id) {
    return log(id, world.loop());
  }

  @Override
  public LogicalLog log(long id, EventLoop owner) {
    Objects.requireNonNull(owner, "owner");
    if (id < 0) {
      throw new IllegalArgumentException("id must not be negative, was " + id);
    }
    LoopNotifier notifier = notifiers.of(owner);
    lock.lock();
    try {
      OwnedLog existing = owned.get(id);
      if (existing == null) {
        LogContent content = contents.get(id);
        if (content == null) {
          content = new LogContent(id, segments);
          contents.put(id, content);
        }
        existing = new OwnedLog(this, content, owner, notifier);
        owned.put(id, existing);
      } else if (existing.owner() != owner) {
        throw new IllegalArgumentException("log " + id + " belongs to another event loop");
      }
      return existing;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public SortedSet<Long> logIds() {
    lock.lock();
    try {
      TreeSet<Long> ids = new TreeSet<>();
      contents.forEach(
          (id, content) -> {
            if (!content.isNew()) {
              ids.add(id);
            }
          });
      return ids;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long nonce() {
    return nonce;
  }

  @Override
  public long durablePosition() {
    return durable;
  }

  @Override
  public Optional<StorageException> failure() {
    return Optional.ofNullable(failure);
  }

  @Override
  public boolean isFull() {
    return full;
  }

  @Override
  public long sizeBytes() {
    lock.lock();
    try {
      return segments.sizeBytes();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void listen(EventLoop loop, DurabilityListener listener) {
    Objects.requireNonNull(listener, "listener");
    notifiers.of(loop).listen(listener);
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    boolean idle;
    lock.lock();
    try {
      idle = !closing && !writing;
      closing = true;
    } finally {
      lock.unlock();
    }
    if (failure != null) {
      release();
    } else if (full) {
      fail(new StorageException(world.directory() + " was closed while the disk was full"));
    } else if (idle) {
      runWriter();
    }
    return closed;
  }

  @Override
  public void close() {
    shutdown();
  }

  /** Throws unless {@code bytes} of payload may be appended. Under the lock. */
  void admit(long bytes, boolean entries) {
    if (failure != null) {
      throw new StorageException(
          "the log in " + world.directory() + " has stopped: " + failure.getMessage(), failure);
    }
    if (closing) {
      throw new IllegalStateException("the log in " + world.directory() + " is closed");
    }
    long limit = world.options().maxPendingBytes() * (entries ? 1L : 2L);
    if (staging.pendingBytes() + bytes > limit) {
      throw new RefusedException(
          staging.pendingBytes() + " bytes wait for the disk of the log in " + world.directory());
    }
  }

  /** Appends a record that has been admitted; returns where it begins. Under the lock. */
  long put(byte type, long id, long index, byte[] payload) {
    return staging.put(type, id, index, payload);
  }

  /** As the other, for a payload of {@code length} bytes in several parts. */
  long put(byte type, long id, long index, ByteBuffer[] parts, int length) {
    return staging.put(type, id, index, parts, length);
  }

  /** The position behind the last record. Under the lock. */
  long end() {
    return staging.end();
  }

  /** How much of the recent entries a logical log may keep in memory. Under the lock. */
  long cacheBytesPerLog() {
    return world.options().cacheBytes() / contents.size();
  }

  /** How much has gathered for the writer. Under the lock. */
  int pendingBytes() {
    return staging.pendingBytes();
  }

  /** Throws unless the table has room for {@code more} bytes. Under the lock. */
  void reserveTable(int more) {
    if (tableBytes + more > world.options().segmentBytes() / 4) {
      throw new IllegalArgumentException(
          "the states of all logs together must fit a quarter of a segment of "
              + world.options().segmentBytes()
              + " bytes");
    }
    tableBytes += more;
  }

  /** Releases the lock after something may have been appended, and has the writer run. */
  void unlockAndWake() {
    boolean wake = !writing && failure == null && staging.hasWork();
    writing |= wake;
    lock.unlock();
    if (wake) {
      runWriterAfterTurn();
    }
  }

  /**
   * Has the writer run once the loop has done what waits for it now, so that all it appends
   * meanwhile, to whichever logical log, shares one write and one sync.
   */
  void runWriterAfterTurn() {
    try {
      world.loop().execute(this::runWriter);
    } catch (RejectedExecutionException e) {
      // The loop has ended; what was appended before is made durable all the same.
      runWriter();
    }
  }

  /** Has the writer run, once more if it does already. */
  void runWriter() {
    try {
      world.writerExecutor().execute(writer);
    } catch (RejectedExecutionException e) {
      fail(new StorageException("the environment of " + world.directory() + " is closed", e));
    }
  }

  /** The writer wants work. Nothing: it is idle from now on. */
  Optional<Staging.Batch> takeBatch() {
    boolean finished;
    lock.lock();
    try {
      if (staging.pendingBytes() > 0) {
        return Optional.of(staging.take());
      }
      if (staging.needsMarker() && durable == staging.end()) {
        return Optional.of(staging.takeMarker());
      }
      writing = false;
      finished = closing;
    } finally {
      lock.unlock();
    }
    if (finished) {
      writer.finish();
      release();
    }
    return Optional.empty();
  }

  /** The writer has synced all before {@code position}. */
  void synced(long position) {
    durable = position;
    cleaner.advance(position);
    notifiers.wake();
  }

  /** Runs {@code task} where files are prepared, read and deleted. */
  void runOnFiles(Runnable task) {
    try {
      world.filesExecutor().execute(() -> runSafely(task));
    } catch (RejectedExecutionException e) {
      fail(new StorageException("the environment of " + world.directory() + " is closed", e));
    }
  }

  private void runSafely(Runnable task) {
    try {
      task.run();
    } catch (StorageException e) {
      fail(e);
    } catch (RuntimeException e) {
      fail(new StorageException("a task on the log's files failed: " + e, e));
    }
  }

  void prepareNext() {
    runOnFiles(preparer::begin);
  }

  /** Segments were deleted. */
  void roomWasMade() {
    runOnFiles(preparer::retry);
  }

  EntryReader reader() {
    return reader;
  }

  void recycle(Staging.Batch batch) {
    lock.lock();
    try {
      staging.recycle(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Whether entries are to be refused for want of room. */
  void setFull(boolean full) {
    boolean closingNow;
    lock.lock();
    try {
      this.full = full;
      closingNow = closing;
    } finally {
      lock.unlock();
    }
    notifiers.wake();
    if (full && closingNow) {
      fail(new StorageException(world.directory() + " was closed while the disk was full"));
    }
  }

  /** Stops the log for good. The first cause counts. */
  void fail(StorageException cause) {
    boolean closingNow;
    lock.lock();
    try {
      closingNow = closing;
      if (failure == null) {
        failure = cause;
        if (cause.getCause() instanceof RejectedExecutionException) {
          log.info("write-ahead log stopped with its environment directory={}", world.directory());
        } else {
          log.error("write-ahead log stopped directory={}", world.directory(), cause);
        }
      }
    } finally {
      lock.unlock();
    }
    notifiers.wake();
    if (closingNow) {
      release();
    }
  }

  /** Whether nothing may be appended any more. Under the lock. */
  boolean isStopping() {
    return closing || failure != null;
  }

  private void release() {
    lock.lock();
    try {
      if (released) {
        return;
      }
      released = true;
    } finally {
      lock.unlock();
    }
    try {
      world.filesExecutor().execute(this::closeFiles);
    } catch (RejectedExecutionException e) {
      closed.completeExceptionally(
          new StorageException("the environment of " + world.directory() + " is closed", e));
    }
  }

  private void closeFiles() {
    try {
      preparer.release();
      writer.release();
      for (Segment segment : segments.all()) {
        if (segment.file != null) {
          segment.file.close();
        }
      }
      directoryLock.close();
      world.loop().execute(() -> closed.complete(null));
    } catch (StorageException | RejectedExecutionException e) {
      closed.completeExceptionally(e);
    }
  }
}
