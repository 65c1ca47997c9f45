package io.quorate.resilience;

import java.util.concurrent.CountDownLatch;

/**
 * Runs a task later. Fits an event loop, {@code (delay, task) -> loop.schedule(delay,
 * task)::cancel}, and a simulator's clock alike.
 *
 * <p>Tasks given by this library are short and never block. An implementation must not run a task
 * within {@code schedule} itself.
 */
@FunctionalInterface
public interface Timer {
  /**
   * Runs {@code task} once, when {@code delayNanos} have passed and not before.
   *
   * @param delayNanos at least 0
   * @return prevents the task from running if it has not begun, otherwise does nothing; any thread
   */
  Runnable schedule(long delayNanos, Runnable task);

  /**
   * Keeps the calling thread waiting: the back-off of synchronous calls. A virtual clock overrides
   * it to move on instead.
   *
   * @throws InterruptedException if the thread is interrupted; the timer is then cancelled
   */
  default void sleep(long nanos) throws InterruptedException {
    CountDownLatch over = new CountDownLatch(1);
    Runnable cancel = schedule(nanos, over::countDown);
    try {
      over.await();
    } finally {
      cancel.run();
    }
  }
}
