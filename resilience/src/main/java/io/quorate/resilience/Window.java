package io.quorate.resilience;

/**
 * The latest calls and how many of them were bad. Safe for use by many threads, without locks.
 *
 * <p>A reading is a {@code long}: bad calls in the upper half, all calls in the lower.
 */
abstract class Window {
  /** The reading that says: the call changed nothing that could matter. */
  static final long UNCHANGED = -1;

  /** Records one call; returns the window's reading after it, or {@link #UNCHANGED}. */
  abstract long record(boolean bad, long nowNanos);

  abstract long reading(long nowNanos);

  static long reading(int bad, int total) {
    return (long) bad << 32 | total;
  }

  static int bad(long reading) {
    return (int) (reading >>> 32);
  }

  static int total(long reading) {
    return (int) reading;
  }

  /** A window of the last {@code count} calls. */
  static Window ofCalls(int count) {
    return count <= RegisterWindow.MAX_CALLS ? new RegisterWindow(count) : new RingWindow(count);
  }
}
