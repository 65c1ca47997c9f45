package io.quorate.examples.platform;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** Waiting for what other threads bring about. */
final class Waiting {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private Waiting() {}

  /**
   * Returns once {@code condition} holds.
   *
   * @param what for the message of the failure
   * @throws TimeoutException if it does not within {@code limit}
   */
  static void until(Callable<Boolean> condition, Duration limit, String what) throws Exception {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() - end > 0) {
        throw new TimeoutException(what + " did not happen within " + limit.toSeconds() + " s");
      }
      pause(POLL_NANOS);
    }
  }

  /** Waits for {@code nanos}; not at all if they are negative. */
  static void pause(long nanos) throws InterruptedException {
    if (nanos > 0) {
      TimeUnit.NANOSECONDS.sleep(nanos);
    }
  }

  /** Waits until {@code nanoTime}, as exactly as the machine can. */
  static void untilNanos(long nanoTime) {
    long left = nanoTime - System.nanoTime();
    while (left > 0) {
      LockSupport.parkNanos(left);
      left = nanoTime - System.nanoTime();
    }
  }
}
