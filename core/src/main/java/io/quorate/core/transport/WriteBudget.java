package io.quorate.core.transport;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what waits to be sent to one peer. Full from the moment it exceeds the high-water mark
 * until it falls below the low one. Safe for use by many threads, without locks.
 */
final class WriteBudget {
  private final long highBytes;
  private final long lowBytes;

  /** Twice the bytes that wait, plus one while full: so that both change together. */
  private final AtomicLong state = new AtomicLong();

  WriteBudget(TransportLimits limits) {
    this.highBytes = limits.highWaterBytes();
    this.lowBytes = limits.lowWaterBytes();
  }

  boolean isFull() {
    return (state.get() & 1) != 0;
  }

  long waitingBytes() {
    return state.get() >>> 1;
  }

  /** Adds {@code bytes}, unless full. */
  boolean reserve(long bytes) {
    while (true) {
      long seen = state.get();
      if ((seen & 1) != 0) {
        return false;
      }
      long waiting = (seen >>> 1) + bytes;
      if (state.compareAndSet(seen, waiting << 1 | (waiting > highBytes ? 1 : 0))) {
        return true;
      }
    }
  }

  /** Takes {@code bytes} away that were reserved; returns whether it was full and is not now. */
  boolean release(long bytes) {
    while (true) {
      long seen = state.get();
      long waiting = (seen >>> 1) - bytes;
      assert waiting >= 0 : "released " + bytes + " of " + (seen >>> 1);
      boolean wasFull = (seen & 1) != 0;
      boolean full = wasFull && waiting >= lowBytes;
      if (state.compareAndSet(seen, waiting << 1 | (full ? 1 : 0))) {
        return wasFull && !full;
      }
    }
  }
}
