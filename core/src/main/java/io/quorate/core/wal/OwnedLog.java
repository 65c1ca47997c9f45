package io.quorate.core.wal;

import io.quorate.core.EventLoop;
import io.quorate.core.RefusedException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One logical log, as its owner sees it. */
final class OwnedLog implements LogicalLog {
  private static final byte[] NO_PAYLOAD = {};

  private final SharedLog shared;
  private final LogContent content;
  private final EventLoop owner;
  private final LoopNotifier notifier;
  private final RecentEntries recent;
  /** What is reserved in the table of each segment for this log. */
  private int reservedBytes;

  OwnedLog(SharedLog shared, LogContent content, EventLoop owner, LoopNotifier notifier) {
    this.shared = shared;
    this.content = content;
    this.owner = owner;
    this.notifier = notifier;
    this.recent = new RecentEntries(content.entries.next());
    this.reservedBytes = content.isNew() ? 0 : rowBytes(content.state);
  }

  EventLoop owner() {
    return owner;
  }

  @Override
  public long id() {
    return content.id;
  }

  @Override
  public long firstIndex() {
    return content.entries.first();
  }

  @Override
  public long nextIndex() {
    return content.entries.next();
  }

  @Override
  public long append(byte[] payload) {
    checkPayload(payload);
    shared.lock.lock();
    try {
      admit(payload.length);
      reserve(content.state);
      put(payload);
      return shared.end();
    } finally {
      shared.unlockAndWake();
    }
  }

  @Override
  public long append(List<byte[]> payloads) {
    long bytes = 0;
    for (byte[] payload : payloads) {
      checkPayload(payload);
      bytes += payload.length;
    }
    if (bytes > shared.world.options().maxPendingBytes()) {
      throw new IllegalArgumentException(
          "payloads must have at most maxPendingBytes together, had " + bytes);
    }
    shared.lock.lock();
    try {
      admit(bytes);
      reserve(content.state);
      for (byte[] payload : payloads) {
        put(payload);
      }
      return shared.end();
    } finally {
      shared.unlockAndWake();
    }
  }

  private void admit(long entryBytes) {
    if (isFull()) {
      throw new RefusedException("no room on the disk for the log in " + shared.world.directory());
    }
    shared.admit(entryBytes, true);
  }

  @Override
  public boolean isFull() {
    return notifier.isFull();
  }

  @Override
  public long append(ByteBuffer[] parts) {
    long bytes = 0;
    for (ByteBuffer part : parts) {
      if (!part.hasArray()) {
        throw new IllegalArgumentException("parts must be on the heap and not read-only");
      }
      bytes += part.remaining();
    }
    int length = (int) Math.min(bytes, Integer.MAX_VALUE);
    checkLength(length);
    shared.lock.lock();
    try {
      admit(length);
      reserve(content.state);
      long index = content.entries.next();
      content.append(shared.put(RecordFormat.ENTRY, content.id, index, parts, length), length);
      recent.add(null);
      evict();
      return shared.end();
    } finally {
      shared.unlockAndWake();
    }
  }

  @Override
  public long truncateSuffix(long fromIndex) {
    checkInside("fromIndex", fromIndex);
    return change(
        RecordFormat.TRUNCATE,
        fromIndex,
        () -> {
          content.truncate(fromIndex);
          recent.truncate(fromIndex);
        });
  }

  @Override
  public long dropPrefix(long beforeIndex) {
    checkInside("beforeIndex", beforeIndex);
    return change(
        RecordFormat.DROP,
        beforeIndex,
        () -> {
          content.drop(beforeIndex);
          recent.drop(beforeIndex);
        });
  }

  @Override
  public long reset(long firstIndex) {
    if (firstIndex < LogContent.FIRST_INDEX) {
      throw new IllegalArgumentException("firstIndex must be at least 1, was " + firstIndex);
    }
    return change(
        RecordFormat.RESET,
        firstIndex,
        () -> {
          content.reset(firstIndex);
          recent.restart(firstIndex);
        });
  }

  @Override
  public long delete() {
    return change(
        RecordFormat.DELETE,
        0,
        () -> {
          content.delete();
          recent.restart(LogContent.FIRST_INDEX);
          shared.reserveTable(-reservedBytes);
          reservedBytes = 0;
        });
  }

  @Override
  public long putState(byte[] state) {
    int limit = shared.world.options().segmentBytes() / 8;
    if (state.length > limit) {
      throw new IllegalArgumentException(
          "state must have at most " + limit + " bytes, had " + state.length);
    }
    Optional<byte[]> copy = Optional.of(state.clone());
    shared.lock.lock();
    try {
      shared.admit(state.length, false);
      reserve(copy);
      shared.put(RecordFormat.STATE, content.id, 0, state);
      content.state = copy;
      return shared.end();
    } finally {
      shared.unlockAndWake();
    }
  }

  @Override
  public Optional<byte[]> state() {
    return content.state.map(byte[]::clone);
  }

  @Override
  public CompletableFuture<Void> durable(long position) {
    return notifier.await(position);
  }

  @Override
  public Optional<byte[]> cached(long index) {
    return recent.holds(index) ? Optional.of(recent.get(index)) : Optional.empty();
  }

  @Override
  public CompletableFuture<List<byte[]>> read(long fromIndex, long maxBytes) {
    checkInside("fromIndex", fromIndex);
    List<byte[]> inMemory = new ArrayList<>();
    long bytes = 0;
    for (long index = fromIndex; index < nextIndex(); index++) {
      if (!recent.holds(index)) {
        return readFromDisk(fromIndex, maxBytes);
      }
      byte[] payload = recent.get(index);
      bytes += payload.length;
      if (bytes > maxBytes && !inMemory.isEmpty()) {
        break;
      }
      inMemory.add(payload);
    }
    return CompletableFuture.completedFuture(inMemory);
  }

  /** Reads what is not in memory once the first of it is durable. */
  private CompletableFuture<List<byte[]>> readFromDisk(long fromIndex, long maxBytes) {
    long end = recent.holds(fromIndex) ? 0 : recordEnd(fromIndex);
    if (end > shared.durablePosition()) {
      return durable(end).thenCompose(done -> read(fromIndex, maxBytes));
    }
    return shared.reader().read(plan(fromIndex, maxBytes), owner);
  }

  @Override
  public long sizeBytes() {
    return content.bytes;
  }

  /** Where the entries are that a read gives: those in memory as they are. */
  private EntryReader.Plan plan(long fromIndex, long maxBytes) {
    EntryReader.Plan plan = new EntryReader.Plan(content.id, fromIndex);
    shared.lock.lock();
    try {
      long bytes = 0;
      for (long index = fromIndex; index < nextIndex(); index++) {
        int length = content.entries.length(index);
        bytes += length;
        if (bytes > maxBytes && index > fromIndex) {
          break;
        }
        if (recent.holds(index)) {
          plan.add(recent.get(index));
        } else if (recordEnd(index) > shared.durablePosition()) {
          break;
        } else {
          long position = content.entries.position(index);
          plan.add(shared.segments.at(position), position, length);
        }
      }
    } finally {
      shared.lock.unlock();
    }
    return plan;
  }

  private void put(byte[] payload) {
    long position =
        shared.put(RecordFormat.ENTRY, content.id, content.entries.next(), payload);
    content.append(position, payload.length);
    recent.add(payload);
    evict();
  }

  /**
   * Forgets the oldest entries in memory while there are too many, but none that is not durable.
   */
  private void evict() {
    long limit = shared.cacheBytesPerLog();
    while (recent.bytes() > limit) {
      if (recordEnd(recent.from()) > shared.durablePosition()) {
        return;
      }
      recent.evict();
    }
  }

  private long recordEnd(long index) {
    EntryIndex entries = content.entries;
    return entries.position(index) + RecordFormat.HEADER_BYTES + entries.length(index);
  }

  private long change(byte type, long index, Runnable effect) {
    shared.lock.lock();
    try {
      shared.admit(0, false);
      reserve(content.state);
      shared.put(type, content.id, index, NO_PAYLOAD);
      effect.run();
      return shared.end();
    } finally {
      shared.unlockAndWake();
    }
  }

  /** Makes room for this log, with that state, in the table of each segment. */
  private void reserve(Optional<byte[]> state) {
    int needed = rowBytes(state);
    if (needed != reservedBytes) {
      shared.reserveTable(needed - reservedBytes);
      reservedBytes = needed;
    }
  }

  private static int rowBytes(Optional<byte[]> state) {
    return LogTable.rowBytes(state.isPresent() ? state.get().length : 0);
  }

  private void checkPayload(byte[] payload) {
    checkLength(payload.length);
  }

  private void checkLength(int length) {
    int limit = shared.world.options().maxRecordBytes();
    if (length > limit) {
      throw new IllegalArgumentException(
          "payload must have at most " + limit + " bytes, had " + length);
    }
  }

  private void checkInside(String what, long index) {
    if (index < firstIndex() || index > nextIndex()) {
      throw new IllegalArgumentException(
          what + " must be in [" + firstIndex() + ", " + nextIndex() + "], was " + index);
    }
  }
}
