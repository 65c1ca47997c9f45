package io.quorate.replication.local;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Text;
import io.quorate.core.RefusedException;
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
 * <p>{@link GroupCommit} says where each record will be, so the index knows its place before it is
 * written. What is read before it is durable comes from memory.
 *
 * @see <a href="https://riak.com/assets/bitcask-intro.pdf">Sheehy and Smith, Bitcask</a>
 */
final class LogStructuredStore implements LocalStore {
  private static final Logger log = LoggerFactory.getLogger(LogStructuredStore.class);
  /** More than a record, and the group it is in, add to its key and its value. */
  private static final int MAX_OVERHEAD_BYTES = 1 << 10;

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
  private final GroupCommit commit;
  /** What the log had written when the index was last written. */
  private long snapshotAtBytes;

  private boolean snapshotting;
  private long liveBytes;
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
            options.cacheBytes(), e -> index.get(e.key()) == e, this::durableSequence);
    this.merge = new Merge(this, files, reads, loop, options);
    this.commit = new GroupCommit(loop, disk, files, options, tail, this::written);
    for (Entry entry : index.values()) {
      liveBytes += entry.length;
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
    return commit.failure() == null && !commit.isFull() && shutdown == null;
  }

  @Override
  public long put(Key key, Cell cell) {
    requireWritable(key.bytes().length + (long) cell.value().length);
    return append(key, cell);
  }

  @Override
  public long forget(Key key) {
    requireWritable(key.bytes().length);
    Entry before = index.remove(key);
    if (before == null) {
      return durableSequence();
    }
    liveBytes -= before.length;
    commit.appendForgotten(key);
    return lastSequence();
  }

  private void requireWritable(long bytes) {
    if (!commit.hasRoomFor(bytes + MAX_OVERHEAD_BYTES) || !isWritable()) {
      throw new RefusedException(
          hasFailed()
              ? "the store has failed: " + commit.failure().getMessage()
              : commit.isFull() ? "the disk is full" : "the store is closed");
    }
  }

  /** Appends without asking whether there is room: merging makes room. */
  long append(Key key, Cell cell) {
    Entry entry = commit.append(key, cell);
    Entry before = index.put(key, entry);
    liveBytes += entry.length - (before == null ? 0 : before.length);
    cache.add(entry, cell);
    return entry.sequence;
  }

  /** A group was written, or there may be room again. */
  private void written() {
    long bytes = commit.writtenBytes() - snapshotAtBytes;
    if (bytes >= options.snapshotEveryBytes() && !snapshotting) {
      snapshot();
    }
    if (shutdown == null) {
      merge.consider();
    }
  }

  void fail(StorageException e) {
    commit.fail(e);
  }

  @Override
  public void onFailure(Consumer<RuntimeException> then) {
    commit.onFailure(then);
  }

  @Override
  public long sequenceOf(Key key) {
    Entry entry = index.get(key);
    return entry == null ? lastSequence() : entry.sequence;
  }

  @Override
  public long durableSequence() {
    return commit.durableSequence();
  }

  @Override
  public void whenDurable(long sequence, Runnable then) {
    commit.whenDurable(sequence, then);
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
    return commit.tailSegment();
  }

  boolean isAt(Key key, int segment, int offset) {
    Entry entry = index.get(key);
    return entry != null && entry.segment == segment && entry.offset == offset;
  }

  boolean hasFailed() {
    return commit.failure() != null;
  }

  /** The sequence that covers all that was put until now. */
  long lastSequence() {
    return commit.lastSequence();
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
    snapshotAtBytes = commit.writtenBytes();
    // All entries up to now, published once all of them are durable; what comes meanwhile is
    // behind the position and read from the log.
    IndexSnapshot.Position position = commit.position();
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
    commit.close();
    if (hasFailed()) {
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
