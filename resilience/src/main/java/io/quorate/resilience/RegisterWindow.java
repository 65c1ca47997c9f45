package io.quorate.resilience;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The last calls, at most 63, as a shift register in one {@code long}: bit 0 is the latest call, a
 * one is a bad call, and above the calls stands one marker bit that tells how many there are.
 *
 * <p>While the register is full and all good, a good call leaves it as it is and writes nothing:
 * healthy traffic shares no written memory, however many threads it comes from.
 */
final class RegisterWindow extends Window {
  static final int MAX_CALLS = 63;

  private static final VarHandle BITS;

  static {
    try {
      BITS = MethodHandles.lookup().findVarHandle(RegisterWindow.class, "bits", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The marker of a full register, and at the same time the register that is full and all good. */
  private final long full;

  private volatile long bits = 1;

  RegisterWindow(int calls) {
    full = 1L << calls;
  }

  @Override
  long record(boolean bad, long nowNanos) {
    while (true) {
      long before = bits;
      if (before == full && !bad) {
        return UNCHANGED;
      }
      long after = before << 1 | (bad ? 1 : 0);
      if ((before & full) != 0) {
        after = after & (full - 1) | full;
      }
      if (BITS.compareAndSet(this, before, after)) {
        return readingOf(after);
      }
    }
  }

  @Override
  long reading(long nowNanos) {
    return readingOf(bits);
  }

  private static long readingOf(long bits) {
    return reading(Long.bitCount(bits) - 1, 63 - Long.numberOfLeadingZeros(bits));
  }
}
