package io.quorate.resilience.balance;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The last 64 outcomes, one bit each, 1 for a failure. Lock-free; while all is well a success only
 * reads.
 */
final class OutcomeRegister {
  static final int LENGTH = 64;

  private final AtomicLong bits = new AtomicLong();

  /** Takes in one outcome; the failures among the last 64 with it. */
  int record(boolean success) {
    while (true) {
      long seen = bits.get();
      long next = seen << 1 | (success ? 0 : 1);
      if (next == seen || bits.compareAndSet(seen, next)) {
        return Long.bitCount(next);
      }
    }
  }

  void clear() {
    bits.set(0);
  }
}
