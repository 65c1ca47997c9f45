package io.quorate.core;

import java.util.concurrent.Executor;

/**
 * Runs tasks one after the other: the single writer of the state that belongs to it.
 *
 * <p>Tasks run in the order in which they were given by any one thread. A task must not block; a
 * task that throws is logged and does not stop the loop. After the environment has closed, tasks
 * are refused with {@link java.util.concurrent.RejectedExecutionException}.
 */
public interface EventLoop extends Executor {
  /**
   * Runs {@code task} on this loop once {@code delayNanos} have passed, not before.
   *
   * @param delayNanos at least 0; counted on the monotonic clock
   */
  Timer schedule(long delayNanos, Runnable task);

  /** Whether the calling thread is this loop's, so that its state may be touched directly. */
  boolean inLoop();

  /** A task that is due later. */
  interface Timer {
    /** Prevents the task from running if it has not begun; otherwise does nothing. Any thread. */
    void cancel();
  }
}
