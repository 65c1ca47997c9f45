package io.quorate.replication.local;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Which cells stay in memory: first in, first out, with a second chance for what was read since. A
 * cell that is not on disk yet is never let go. Belongs to one thread.
 */
final class ValueCache {
  private final long maxBytes;
  private final Predicate<Entry> isCurrent;
  private final LongSupplier durable;
  private final Deque<Entry> queue = new ArrayDeque<>();
  private long bytes;

  ValueCache(long maxBytes, Predicate<Entry> isCurrent, LongSupplier durable) {
    this.maxBytes = maxBytes;
    this.isCurrent = isCurrent;
    this.durable = durable;
  }

  /** Keeps {@code cell} in memory with its entry, and lets others go if there are too many. */
  void add(Entry entry, Cell cell) {
    entry.resident = cell;
    bytes += entry.length;
    queue.add(entry);
    int chances = queue.size();
    while (bytes > maxBytes && chances-- > 0) {
      Entry oldest = queue.poll();
      if (isCurrent.test(oldest) && (oldest.touched || oldest.sequence > durable.getAsLong())) {
        oldest.touched = false;
        queue.add(oldest);
      } else {
        bytes -= oldest.length;
        oldest.resident = null;
      }
    }
  }
}
