package io.quorate.core.wal;

import java.util.Optional;

/**
 * What one logical log holds: the one meaning of each record, for those that are appended and those
 * that are recovered alike. Guarded by the lock of the {@link SharedLog}; the owner, who alone
 * changes what it reads, may read without it.
 */
final class LogContent {
  static final long FIRST_INDEX = 1;

  final long id;
  final EntryIndex entries;
  Optional<byte[]> state = Optional.empty();
  /** What the records of the entries take. */
  long bytes;

  private final Segments segments;

  LogContent(long id, Segments segments) {
    this.id = id;
    this.segments = segments;
    this.entries = new EntryIndex(FIRST_INDEX, segments.indexPages);
  }

  /** Whether it is as a log that was never written to. */
  boolean isNew() {
    return entries.first() == FIRST_INDEX && entries.next() == FIRST_INDEX && state.isEmpty();
  }

  void append(long position, int length) {
    entries.add(position, length);
    segments.live(position, length);
    bytes += RecordFormat.HEADER_BYTES + length;
  }

  /** The record of an entry now is at {@code position}. */
  void move(long index, long position, int length) {
    forget(index);
    entries.move(index, position, length);
    segments.live(position, length);
    bytes += RecordFormat.HEADER_BYTES + length;
  }

  void truncate(long from) {
    for (long index = from; index < entries.next(); index++) {
      forget(index);
    }
    entries.truncate(from);
  }

  void drop(long before) {
    for (long index = entries.first(); index < before; index++) {
      forget(index);
    }
    entries.drop(before);
  }

  void reset(long first) {
    truncate(entries.first());
    entries.clear(first);
  }

  void delete() {
    reset(FIRST_INDEX);
    state = Optional.empty();
  }

  /** Entries [first, next) exist, wherever they are. */
  void begin(long first, long next) {
    entries.clear(first);
    for (long index = first; index < next; index++) {
      entries.add(EntryIndex.ABSENT, 0);
    }
  }

  private void forget(long index) {
    long position = entries.position(index);
    if (position != EntryIndex.ABSENT) {
      int length = entries.length(index);
      segments.dead(position, length);
      bytes -= RecordFormat.HEADER_BYTES + length;
    }
  }
}
