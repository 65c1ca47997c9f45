package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The calls of the last while, in sixteen slices of time. A slice is one {@code long}, its number
 * (24 bits), its bad calls (20) and all its calls (20), so that recording is one compare-and-set.
 *
 * <ul>
 *   <li>A slice counts only while its number is the one its place should hold now; a place that
 *       time has skipped is emptied when time moves on, so a number never comes around a second
 *       time.
 *   <li>A full count halves both counts: the rate stays.
 *   <li>A clock that steps back a little goes on counting in the newest slice. One that steps by a
 *       window or more, either way, empties the window; calls recorded at that moment by other
 *       threads may be lost.
 * </ul>
 */
final class TimeWindow extends Window {
  static final int SLICES = 16;

  private static final int COUNT_BITS = 20;
  private static final long COUNT_MASK = (1L << COUNT_BITS) - 1;
  private static final int NUMBER_SHIFT = 2 * COUNT_BITS;
  private static final long NUMBER_MASK = (1L << 24) - 1;

  private final long sliceNanos;
  private final long originNanos;
  private final AtomicLongArray slices = new AtomicLongArray(SLICES);
  private final AtomicLong newest = new AtomicLong();

  TimeWindow(long windowNanos, long originNanos) {
    this.sliceNanos = Math.max(1, windowNanos / SLICES);
    this.originNanos = originNanos;
  }

  @Override
  long record(boolean bad, long nowNanos) {
    long number = moveTo(nowNanos);
    int place = (int) number & SLICES - 1;
    while (true) {
      long before = slices.get(place);
      long slice = isNumbered(before, number) ? before : empty(number);
      if ((slice & COUNT_MASK) == COUNT_MASK) {
        slice = halved(slice);
      }
      if (slices.compareAndSet(place, before, slice + (bad ? 1L << COUNT_BITS : 0) + 1)) {
        return sum(number);
      }
    }
  }

  @Override
  long reading(long nowNanos) {
    return sum(moveTo(nowNanos));
  }

  /** Makes the slice of {@code nowNanos} the newest and returns its number. */
  private long moveTo(long nowNanos) {
    long number = Math.floorDiv(nowNanos - originNanos, sliceNanos);
    while (true) {
      long last = newest.get();
      if (number == last || number < last && last - number < SLICES) {
        return last;
      }
      if (newest.compareAndSet(last, number)) {
        if (number < last || number - last >= SLICES) {
          // Nothing held is current, whatever its number says: it may have come around.
          for (long n = number - SLICES + 1; n <= number; n++) {
            slices.set((int) n & SLICES - 1, empty(n));
          }
        } else {
          for (long n = last + 1; n <= number; n++) {
            begin(n);
          }
        }
        return number;
      }
    }
  }

  /**
   * Empties the place of slice {@code n}, unless a call has been recorded in that slice already.
   */
  private void begin(long n) {
    int place = (int) n & SLICES - 1;
    long slice = slices.get(place);
    if (!isNumbered(slice, n)) {
      // Losing this race is fine: another has begun the same slice, or a later one.
      slices.compareAndSet(place, slice, empty(n));
    }
  }

  private long sum(long newestNumber) {
    int bad = 0;
    int total = 0;
    for (int age = 0; age < SLICES; age++) {
      long number = newestNumber - age;
      long slice = slices.get((int) number & SLICES - 1);
      if (isNumbered(slice, number)) {
        bad += (int) (slice >>> COUNT_BITS & COUNT_MASK);
        total += (int) (slice & COUNT_MASK);
      }
    }
    return reading(bad, total);
  }

  private static boolean isNumbered(long slice, long number) {
    return slice >>> NUMBER_SHIFT == (number & NUMBER_MASK);
  }

  private static long empty(long number) {
    return (number & NUMBER_MASK) << NUMBER_SHIFT;
  }

  private static long halved(long slice) {
    long bad = slice >>> COUNT_BITS & COUNT_MASK;
    long total = slice & COUNT_MASK;
    return slice >>> NUMBER_SHIFT << NUMBER_SHIFT | bad / 2 << COUNT_BITS | total / 2;
  }
}
