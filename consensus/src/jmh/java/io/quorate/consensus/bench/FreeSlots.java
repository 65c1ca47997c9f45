package io.quorate.consensus.bench;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The slots of a closed loop that are free: any thread gives one back, one thread takes them. Costs
 * as little as it can, for it is counted with every product that is measured.
 */
final class FreeSlots {
  private final AtomicIntegerArray ring;
  private final int mask;
  private final AtomicLong given = new AtomicLong();
  private final Thread taker = Thread.currentThread();
  private long taken;
  private volatile boolean parked;

  FreeSlots(int count) {
    int size = Integer.highestOneBit(Math.max(1, count - 1)) * 2;
    this.ring = new AtomicIntegerArray(size);
    this.mask = size - 1;
  }

  void give(int slot) {
    ring.set((int) given.getAndIncrement() & mask, slot + 1);
    if (parked) {
      parked = false;
      LockSupport.unpark(taker);
    }
  }

  /** A free slot, or -1 if there was none for {@code maxNanos}. */
  int take(long maxNanos) {
    int at = (int) taken & mask;
    int found = ring.get(at);
    if (found == 0) {
      long end = System.nanoTime() + maxNanos;
      while (found == 0 && System.nanoTime() - end < 0) {
        parked = true;
        found = ring.get(at);
        if (found == 0) {
          LockSupport.parkNanos(this, maxNanos);
          found = ring.get(at);
        }
      }
      parked = false;
      if (found == 0) {
        return -1;
      }
    }
    ring.set(at, 0);
    taken++;
    return found - 1;
  }
}
