package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Interrupts a thread when its time is up, and is certain to have interrupted it, or never to do
 * so, once {@link #stop} has returned. For one piece of work.
 */
final class Interrupter implements Runnable {
  private static final int WORKING = 0;
  private static final int STOPPED = 1;
  private static final int INTERRUPTING = 2;
  private static final int INTERRUPTED = 3;

  private final Thread worker = Thread.currentThread();
  private final AtomicInteger state = new AtomicInteger();
  private final Runnable cancel;

  Interrupter(Timer timer, long nanos) {
    cancel = timer.schedule(nanos, this);
  }

  @Override
  public void run() {
    if (state.compareAndSet(WORKING, INTERRUPTING)) {
      worker.interrupt();
      state.set(INTERRUPTED);
    }
  }

  /** The work has ended; whether its time was up. If so the interrupt flag is clear again. */
  boolean stop() {
    if (state.compareAndSet(WORKING, STOPPED)) {
      cancel.run();
      return false;
    }
    while (state.get() != INTERRUPTED) {
      Thread.onSpinWait();
    }
    Thread.interrupted();
    return true;
  }
}
