package io.quorate.replication.local;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Text;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A log that is the data, with an index in memory.
 *
 * <p>Puts of one turn of the loop, and of the time that the disk takes for the group before, are one
 * group: one write, one force. The loop decides where each record will be, so the index knows its
 * place before it is written; the disk executor only follows. What is read before it is durable
 * comes from memory.
 *
 * @see <a href="https://riak.com/assets/bitcask-intro.pdf">Sheehy and Smith, Bitcask</a>
 */
final class LogStructuredStore implements LocalStore {
  private static final Logger log = LoggerFactory.getLogger(LogStructuredStore.class);
  private static final long FULL_CHECK_BYTES = 256 << 10;
  private static final long FULL_RETRY_NANOS = 1_000_000_000L;

  private final Environment environment;
  private final EventLoop loop;
  private final LocalOptions options;
  private final Executor disk;
  private final Executor reads;
  private final SegmentFiles files;
  private final Storage.Lock lock;
  private final Map<Key, Entry> index;
  private final ValueCache cache;
  private final Merge merge;

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
  private long bytesSinceSnapshot;
  private boolean snapshotting;
  private long liveBytes;
  private RuntimeException failure;
  private final List<Consumer<RuntimeException>> failureListeners = new ArrayList<>();
  private CompletableFuture<Void> shutdown;

  private LogStructuredStore(
      Environment environment,
      EventLoop loop,
      LocalOptions options,
      SegmentFiles files,
      Storage.Lock lock,
      Map<Key, Entry> index,
      IndexSnapshot.Position tail) {
    this.environment = environment;
    this.loop = loop;
    this.options = options;
    this.files = files;
    this.lock = lock;
    this.index = index;
    this.disk = environment.blockingExecutor(Text.nameOfPath(options.directory()) + "-log");
    this.reads = environment.blockingExecutor(Text.nameOfPath(options.directory()) + "-reads");
    this.cache =
        new ValueCache(
            options.cacheBytes(), e -> index.get(e.key()) == e, () -> durableSequence);
    this.merge = new Merge(this, files, reads, loop, options);
    this.tailSegment = tail.segment();
    this.tailOffset = tail.offset();
    this.nextSequence = tail.sequence();
    this.durableSequence = nextSequence - 1;
    for (Entry entry : index.values()) {
      liveBytes += entry.length;
    }
    nearlyFull = files.isNearlyFull();
    if (nearlyFull) {
      loop.execute(this::retryWhenFull);
    }
  }

  static CompletableFuture<LocalStore> open(
      Environment environment, EventLoop loop, LocalOptions options) {
    CompletableFuture<LocalStore> opened = new CompletableFuture<>();
    environment
        .blockingExecutor(Text.nameOfPath(options.directory()) + "-log")
        .execute(
            () -> {
              LocalStore store;
              try {
                store = recover(environment, loop, options);
              } catch (RuntimeException e) {
                loop.execute(() -> opened.completeExceptionally(e));
                return;
              }
              loop.execute(() -> opened.complete(store));
            });
    return opened;
  }

  private static LocalStore recover(
      Environment environment, EventLoop loop, LocalOptions options) {
    environment.storage().createDirectories(options.directory());
    Storage.Lock lock = environment.storage().lock(options.directory() + "/lock");
    SegmentFiles files = null;
    try {
      files = new SegmentFiles(environment.storage(), options);
      Map<Key, Entry> index = options.sorted() ? new TreeMap<>() : new HashMap<>();
      IndexSnapshot.Position tail =
          Recovery.recover(environment.storage(), options, files, index);
      return new LogStructuredStore(environment, loop, options, files, lock, index, tail);
    } catch (RuntimeException e) {
      if (files != null) {
        files.close();
      }
      lock.close();
      throw e;
    }
  }

  @Override
  public Optional<Stored> find(Key key) {
    return Optional.ofNullable(index.get(key));
  }

  @Override
  public CompletableFuture<Optional<Cell>> read(Key key) {
    Entry entry = index.get(key);
    if (entry == null) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    if (entry.resident != null) {
      entry.touched = true;
      return CompletableFuture.completedFuture(Optional.of(entry.resident));
    }
    CompletableFuture<Optional<Cell>> result = new CompletableFuture<>();
    reads.execute(
        () -> {
          try {
            Cell cell = files.readRecord(entry.segment, entry.offset, entry.length).cell();
            loop.execute(() -> wasRead(entry, cell, result));
          } catch (StorageException e) {
            loop.execute(() -> couldNotRead(entry, e, result));
          }
        });
    return result;
  }

  private void wasRead(Entry entry, Cell cell, CompletableFuture<Optional<Cell>> result) {
    if (index.get(entry.key()) == entry && entry.resident == null) {
      cache.add(entry, cell);
    }
    result.complete(Optional.ofNullable(cell));
  }

  private void couldNotRead(
      Entry entry, StorageException e, CompletableFuture<Optional<Cell>> result) {
    if (index.get(entry.key()) == entry) {
      result.completeExceptionally(e);
      return;
    }
    // Merged or replaced meanwhile: what is there now is as good an answer.
    read(entry.key())
        .whenComplete(
            (cell, again) -> {
              if (again == null) {
                result.complete(cell);
              } else {
                result.completeExceptionally(again);
              }
            });
  }

  @Override
  public boolean isWritable() {
    return failure == null && !nearlyFull && shutdown == null;
  }

  @Override
  public long put(Key key, Cell cell) {
    requireWritable();
    return append(key, cell);
  }

  @Override
  public long forget(Key key) {
    requireWritable();
    return index.containsKey(key) ? append(key, null) : durableSequence;
  }

  private void requireWritable() {
    if (!isWritable()) {
      throw new RefusedException(
          failure != null
              ? "the store has failed: " + failure.getMessage()
              : nearlyFull ? "the disk is full" : "the store is closed");
    }
  }

  /** Appends without asking whether there is room: merging makes room. */
  long append(Key key, Cell cell) {
    if (staging.size() == 0) {
      if (tailSegment == 0 || tailOffset >= options.segmentBytes()) {
        tailSegment++;
        tailOffset = RecordFormat.SEGMENT_HEADER_BYTES;
        newSegment = true;
      }
      staging.int32(0).int32(0).int64(nextSequence);
    }
    int offset = tailOffset + staging.size();
    int length = RecordFormat.write(staging, key, cell);
    Entry before;
    if (cell == null) {
      before = index.remove(key);
    } else {
      Entry entry =
          new Entry(
              key, cell.tag(), cell.isTombstone(), cell.expiryMillis(), tailSegment, offset,
              length, nextSequence);
      before = index.put(key, entry);
      liveBytes += length;
      cache.add(entry, cell);
    }
    liveBytes -= before == null ? 0 : before.length;
    if (!flushPlanned && !writing) {
      flushPlanned = true;
      loop.execute(this::flush);
    }
    return nextSequence;
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
    int segment = tailSegment;
    int offset = tailOffset;
    boolean create = newSegment;
    newSegment = false;
    tailOffset = RecordFormat.aligned(offset + length);
    bytesSinceFullCheck += length;
    bytesSinceSnapshot += length;
    boolean checkFull = create || bytesSinceFullCheck >= FULL_CHECK_BYTES;
    if (checkFull) {
      bytesSinceFullCheck = 0;
    }
    write(new Group(group, length, sequence, segment, offset, create, checkFull));
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
    if (shutdown != null) {
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
    if (bytesSinceSnapshot >= options.snapshotEveryBytes() && !snapshotting) {
      snapshot();
    }
    if (shutdown == null) {
      merge.consider();
    }
  }

  private void retryWhenFull() {
    if (shutdown != null || failure != null) {
      return;
    }
    disk.execute(
        () -> {
          boolean full = files.isNearlyFull();
          loop.execute(
              () -> {
                nearlyFull = full;
                merge.consider();
                if (full) {
                  loop.schedule(FULL_RETRY_NANOS, this::retryWhenFull);
                } else {
                  log.info("disk has room again directory={}", options.directory());
                }
              });
        });
  }

  /** After a failed write or force nobody knows what is on the disk: stop, do not try again. */
  void fail(StorageException e) {
    if (failure != null) {
      return;
    }
    failure = e;
    log.error("the log cannot be written any more directory={}", options.directory(), e);
    writingWaiters.clear();
    stagingWaiters.clear();
    failureListeners.forEach(listener -> listener.accept(e));
    if (shutdown != null) {
      end();
    }
  }

  @Override
  public void onFailure(Consumer<RuntimeException> then) {
    if (failure != null) {
      then.accept(failure);
    } else {
      failureListeners.add(then);
    }
  }

  @Override
  public long sequenceOf(Key key) {
    Entry entry = index.get(key);
    return entry == null ? nextSequence - (staging.size() == 0 ? 1 : 0) : entry.sequence;
  }

  @Override
  public long durableSequence() {
    return durableSequence;
  }

  @Override
  public void whenDurable(long sequence, Runnable then) {
    if (sequence <= durableSequence) {
      then.run();
    } else if (failure == null) {
      (sequence == nextSequence ? stagingWaiters : writingWaiters).add(then);
    }
  }

  @Override
  public int size() {
    return index.size();
  }

  @Override
  public void forEach(Consumer<Stored> visitor) {
    index.values().forEach(visitor);
  }

  @Override
  public List<Stored> scan(Key from, Key to, int max) {
    if (!(index instanceof NavigableMap<Key, Entry> sorted)) {
      throw new UnsupportedOperationException("the store is not sorted");
    }
    return List.copyOf(sorted.subMap(from, true, to, false).values().stream().limit(max).toList());
  }

  @Override
  public long logBytes() {
    return files.totalBytes();
  }

  @Override
  public long liveBytes() {
    return liveBytes;
  }

  int tailSegment() {
    return tailSegment;
  }

  boolean isAt(Key key, int segment, int offset) {
    Entry entry = index.get(key);
    return entry != null && entry.segment == segment && entry.offset == offset;
  }

  boolean hasFailed() {
    return failure != null;
  }

  /** The sequence that covers all that was put until now. */
  long lastSequence() {
    return staging.size() == 0 ? nextSequence - 1 : nextSequence;
  }

  void deleteSegment(int segment, Runnable then) {
    disk.execute(
        () -> {
          try {
            files.delete(segment);
          } catch (StorageException e) {
            loop.execute(() -> fail(e));
            return;
          }
          loop.execute(then);
        });
  }

  @Override
  public CompletableFuture<Void> snapshot() {
    CompletableFuture<Void> result = new CompletableFuture<>();
    snapshotting = true;
    bytesSinceSnapshot = 0;
    // All entries up to now, published once all of them are durable; what comes meanwhile is
    // behind the position and read from the log.
    IndexSnapshot.Position position =
        new IndexSnapshot.Position(tailSegment, tailOffset, nextSequence);
    List<Entry> entries = new ArrayList<>(index.values());
    whenDurable(
        lastSequence(),
        () ->
            disk.execute(
                () -> {
                  try {
                    IndexSnapshot.write(
                        environment.storage(), options.directory(), position, entries);
                  } catch (StorageException e) {
                    log.warn("index snapshot failed directory={}", options.directory(), e);
                    loop.execute(
                        () -> {
                          snapshotting = false;
                          result.completeExceptionally(e);
                        });
                    return;
                  }
                  loop.execute(
                      () -> {
                        snapshotting = false;
                        result.complete(null);
                      });
                }));
    onFailure(result::completeExceptionally);
    return result;
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    if (shutdown != null) {
      return shutdown;
    }
    shutdown = new CompletableFuture<>();
    if (failure != null) {
      end();
    } else {
      snapshot().whenComplete((done, e) -> end());
    }
    return shutdown;
  }

  private void end() {
    disk.execute(
        () -> {
          files.close();
          lock.close();
          loop.execute(() -> shutdown.complete(null));
        });
  }

  /** Damage that merging has come upon; the segment stays until the key is repaired. */
  void damaged(CorruptionException e) {
    log.error("damaged record, segment is not merged directory={}", options.directory(), e);
  }
}
