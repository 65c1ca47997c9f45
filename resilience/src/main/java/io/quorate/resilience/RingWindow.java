package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The last calls, 64 or more, as a ring of bits. A full ring without a bad call is not written by
 * good ones. Under concurrent writes a reading may be off by the calls just being recorded; once
 * they are recorded it is exact.
 */
final class RingWindow extends Window {
  private final int calls;
  private final AtomicLongArray words;
  private final AtomicLong recorded = new AtomicLong();
  private final AtomicInteger bad = new AtomicInteger();

  RingWindow(int calls) {
    this.calls = calls;
    this.words = new AtomicLongArray((calls + 63) / 64);
  }

  @Override
  long record(boolean badCall, long nowNanos) {
    if (!badCall && bad.get() == 0 && recorded.get() >= calls) {
      return UNCHANGED;
    }
    int index = (int) (recorded.getAndIncrement() % calls);
    long mask = 1L << index;
    long before =
        badCall
            ? words.getAndUpdate(index >>> 6, word -> word | mask)
            : words.getAndUpdate(index >>> 6, word -> word & ~mask);
    int change = (badCall ? 1 : 0) - ((before & mask) != 0 ? 1 : 0);
    if (change != 0) {
      bad.addAndGet(change);
    }
    return reading(nowNanos);
  }

  @Override
  long reading(long nowNanos) {
    return reading(Math.max(0, bad.get()), (int) Math.min(calls, recorded.get()));
  }
}
