package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A fixed number of places, each taken by at most one holder. Safe for use by many threads, lock
 * free; taking and releasing allocate nothing.
 *
 * <p>A place remembers when it was taken, and no place is taken twice at one tick. Place and tick
 * together thus name one holding: releasing it a second time, or after its lease has been taken
 * over, does nothing.
 *
 * <p>Invariant: marks in {@code busy} never outnumber {@code inUse}. Taking counts first and then
 * marks; releasing unmarks first and then counts. So whoever has been counted finds a place.
 */
final class LeasedSlots {
  static final int MAX_SIZE = 4096;
  static final long NONE = -1;

  private static final int SLOT_BITS = 12;

  private final int size;
  private final AtomicInteger inUse = new AtomicInteger();
  private final AtomicLongArray busy;
  /** For each place, when it was last taken, shifted by one; bit 0 says whether it still is. */
  private final AtomicLongArray holdings;

  LeasedSlots(int size) {
    this.size = size;
    this.busy = new AtomicLongArray((size + 63) / 64);
    this.holdings = new AtomicLongArray(size);
  }

  /**
   * Takes a place, or the place of a holder whose lease has run out.
   *
   * @param limit how many places may be taken now, at most the size
   * @param leaseTicks how long a holder may keep its place while others want it; 0 for ever
   * @return a holding, not negative, or {@link #NONE}
   */
  long take(int limit, long nowTick, long leaseTicks) {
    int count;
    do {
      count = inUse.get();
      if (count >= limit) {
        return leaseTicks == 0 ? NONE : takeOver(nowTick, leaseTicks);
      }
    } while (!inUse.compareAndSet(count, count + 1));
    for (int word = 0; ; word = word + 1 == busy.length() ? 0 : word + 1) {
      long marks = busy.get(word);
      long free = ~marks & existing(word);
      while (free != 0) {
        long mark = Long.lowestOneBit(free);
        if (busy.compareAndSet(word, marks, marks | mark)) {
          int slot = word * 64 + Long.numberOfTrailingZeros(mark);
          long tick = Ticks.after(holdings.get(slot) >>> 1, nowTick);
          holdings.set(slot, tick << 1 | 1);
          return holding(slot, tick);
        }
        marks = busy.get(word);
        free = ~marks & existing(word);
      }
    }
  }

  private long takeOver(long nowTick, long leaseTicks) {
    for (int slot = 0; slot < size; slot++) {
      long held = holdings.get(slot);
      if ((held & 1) != 0 && Ticks.elapsed(held >>> 1, nowTick) > leaseTicks) {
        long tick = Ticks.after(held >>> 1, nowTick);
        if (holdings.compareAndSet(slot, held, tick << 1 | 1)) {
          return holding(slot, tick);
        }
      }
    }
    return NONE;
  }

  /** Gives the place back; false if this holding has ended before. */
  boolean release(long holding) {
    int slot = slot(holding);
    if (slot >= size) {
      return false;
    }
    long held = tick(holding) << 1 | 1;
    if (!holdings.compareAndSet(slot, held, held - 1)) {
      return false;
    }
    long mark = 1L << slot;
    long marks;
    do {
      marks = busy.get(slot >>> 6);
    } while (!busy.compareAndSet(slot >>> 6, marks, marks & ~mark));
    inUse.decrementAndGet();
    return true;
  }

  int inUse() {
    return inUse.get();
  }

  /** How many have held their place for longer than {@code ticks}. */
  int heldLongerThan(long ticks, long nowTick) {
    int count = 0;
    for (int slot = 0; slot < size; slot++) {
      long held = holdings.get(slot);
      if ((held & 1) != 0 && Ticks.elapsed(held >>> 1, nowTick) > ticks) {
        count++;
      }
    }
    return count;
  }

  static long holding(int slot, long tick) {
    return tick << SLOT_BITS | slot;
  }

  static int slot(long holding) {
    return (int) holding & (1 << SLOT_BITS) - 1;
  }

  static long tick(long holding) {
    return holding >>> SLOT_BITS;
  }

  private long existing(int word) {
    int last = size - word * 64;
    return last >= 64 ? -1 : (1L << last) - 1;
  }
}
