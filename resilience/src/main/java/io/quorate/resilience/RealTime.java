package io.quorate.resilience;

import java.util.SplittableRandom;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clock, timer and seed of a real process: the one place of this module that touches them.
 * Everything else is given them, and defaults to these.
 *
 * <p>All users share one daemon thread, which starts with the first timer and only runs the short
 * tasks of this library.
 */
public final class RealTime {
  private static final Logger log = LoggerFactory.getLogger(RealTime.class);

  private RealTime() {}

  /** The machine's monotonic clock. */
  public static LongSupplier clock() {
    return System::nanoTime;
  }

  /** The timer that the whole process shares. */
  public static Timer timer() {
    return SharedTimer.INSTANCE;
  }

  /** A seed that differs from call to call and from process to process. */
  public static long seed() {
    // Each new SplittableRandom is seeded apart from every other one in this process.
    return new SplittableRandom().nextLong();
  }

  private static final class SharedTimer implements Timer {
    static final SharedTimer INSTANCE = new SharedTimer();

    private final ScheduledThreadPoolExecutor executor;

    private SharedTimer() {
      executor =
          new ScheduledThreadPoolExecutor(
              1,
              task -> {
                Thread thread = new Thread(task, "quorate-resilience-timer");
                thread.setDaemon(true);
                return thread;
              });
      // A cancelled time-out must not be kept until it would have been due.
      executor.setRemoveOnCancelPolicy(true);
    }

    @Override
    public Runnable schedule(long delayNanos, Runnable task) {
      Future<?> timer =
          executor.schedule(() -> run(task), Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
      return () -> timer.cancel(false);
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
      TimeUnit.NANOSECONDS.sleep(nanos);
    }

    private static void run(Runnable task) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        // The thread serves everybody: one task's failure must not reach the others.
        log.error("timer task failed", e);
      }
    }
  }
}
