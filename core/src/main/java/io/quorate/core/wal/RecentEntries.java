package io.quorate.core.wal;

import java.util.Arrays;

/**
 * The latest entries of one logical log, in memory, except those that were not to be kept. Belongs
 * to the log's owner.
 */
final class RecentEntries {
  /** What the bookkeeping of an entry takes, roughly. */
  private static final int OVERHEAD_BYTES = 32;

  private byte[][] ring = new byte[16][];
  private long from;
  private long next;
  private long bytes;

  RecentEntries(long next) {
    this.from = next;
    this.next = next;
  }

  /** The oldest that is held; the next index if none is. */
  long from() {
    return from;
  }

  boolean isEmpty() {
    return from == next;
  }

  /** What is held, in bytes. */
  long bytes() {
    return bytes;
  }

  boolean holds(long index) {
    return index >= from && index < next && get(index) != null;
  }

  byte[] get(long index) {
    return ring[slot(index)];
  }

  /** Adds the next; null if it is not kept. */
  void add(byte[] payload) {
    if (next - from == ring.length) {
      grow();
    }
    ring[slot(next++)] = payload;
    bytes += size(payload);
  }

  /** Forgets the oldest. */
  void evict() {
    remove(from++);
  }

  void truncate(long fromIndex) {
    while (next > Math.max(from, fromIndex)) {
      remove(--next);
    }
    if (fromIndex < from) {
      restart(fromIndex);
    }
  }

  void drop(long before) {
    while (from < next && from < before) {
      evict();
    }
    if (from < before) {
      restart(before);
    }
  }

  /** Forgets all; goes on at {@code index}. */
  void restart(long index) {
    Arrays.fill(ring, null);
    bytes = 0;
    from = index;
    next = index;
  }

  private void remove(long index) {
    bytes -= size(ring[slot(index)]);
    ring[slot(index)] = null;
  }

  private static int size(byte[] payload) {
    return payload == null ? OVERHEAD_BYTES : OVERHEAD_BYTES + payload.length;
  }

  private void grow() {
    byte[][] larger = new byte[2 * ring.length][];
    for (long index = from; index < next; index++) {
      larger[(int) (index & (larger.length - 1))] = ring[slot(index)];
    }
    ring = larger;
  }

  private int slot(long index) {
    return (int) (index & (ring.length - 1));
  }
}
