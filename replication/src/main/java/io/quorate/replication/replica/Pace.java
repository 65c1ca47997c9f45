package io.quorate.replication.replica;

import io.quorate.core.EventLoop;

/** Spends bytes no faster than at a rate. Belongs to the loop. */
final class Pace {
  /** Shorter waits are saved up: timers are not that exact. */
  private static final long MIN_WAIT_NANOS = 1_000_000;

  private final EventLoop loop;
  private final long bytesPerSecond;
  private long owedNanos;

  Pace(EventLoop loop, long bytesPerSecond) {
    this.loop = loop;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Without a limit. */
  static Pace unlimited(EventLoop loop) {
    return new Pace(loop, Long.MAX_VALUE);
  }

  /**
   * Runs {@code then} once so many bytes may have been carried: at once if there is no need to
   * wait.
   */
  void spend(int bytes, Runnable then) {
    owedNanos += (long) (bytes * 1e9 / bytesPerSecond);
    if (owedNanos < MIN_WAIT_NANOS) {
      then.run();
      return;
    }
    long waitNanos = owedNanos;
    owedNanos = 0;
    loop.schedule(waitNanos, then);
  }
}
