package io.quorate.core;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread for each name, running one task at a time in the order given; it ends when it has had
 * nothing to do for some seconds, and another one begins when needed. Thread-safe.
 */
final class BlockingExecutors {
  /** Tasks that may wait for one thread; more are refused. */
  static final int MAX_WAITING_TASKS = 65_536;

  private static final Logger log = LoggerFactory.getLogger(BlockingExecutors.class);
  private static final long IDLE_SECONDS = 5;
  private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long INTERRUPT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final String prefix;
  private final BooleanSupplier closing;
  private final Map<String, Slot> byName = new TreeMap<>();
  private boolean closed;

  /**
   * None yet.
   *
   * @param prefix of the threads' names, before the executor's
   * @param closing whether the environment is being closed, so that loops may be gone
   */
  BlockingExecutors(String prefix, BooleanSupplier closing) {
    this.prefix = prefix;
    this.closing = closing;
  }

  synchronized Executor get(String name) {
    if (closed) {
      throw new RejectedExecutionException("environment is closed");
    }
    return byName.computeIfAbsent(Text.requireName("executor name", name), this::start);
  }

  /** Refuses new tasks and gives those that wait two seconds, then interrupts what still runs. */
  void close() {
    Map<String, Slot> all;
    synchronized (this) {
      closed = true;
      all = new TreeMap<>(byName);
      byName.clear();
    }
    all.values().forEach(slot -> slot.threads().shutdown());
    long deadlineNanos = System.nanoTime() + DRAIN_NANOS;
    all.forEach((name, slot) -> drain(name, slot.threads(), deadlineNanos));
  }

  private void drain(String name, ThreadPoolExecutor executor, long deadlineNanos) {
    try {
      long waitNanos = Math.max(0, deadlineNanos - System.nanoTime());
      if (executor.awaitTermination(waitNanos, TimeUnit.NANOSECONDS)) {
        return;
      }
      int dropped = executor.shutdownNow().size();
      boolean ended = executor.awaitTermination(INTERRUPT_NANOS, TimeUnit.NANOSECONDS);
      log.warn("blocking executor did not drain name={} dropped={} ended={}", name, dropped, ended);
    } catch (InterruptedException e) {
      executor.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private Slot start(String name) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING_TASKS),
            task -> {
              Thread thread = new Thread(task, prefix + name);
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return new Slot(name, threads, closing);
  }

  /** One thread and its queue. */
  private record Slot(String name, ThreadPoolExecutor threads, BooleanSupplier closing)
      implements Executor {
    @Override
    public void execute(Runnable task) {
      threads.execute(
          () -> {
            try {
              task.run();
            } catch (Throwable e) {
              if (e instanceof RejectedExecutionException && closing.getAsBoolean()) {
                // It was at work when its event loop ended: nobody is left to hear of it.
                log.info("task ended after its event loop name={}", name);
              } else {
                // Whatever it was, the tasks behind it go on.
                log.error("task of blocking executor failed name={}", name, e);
              }
            }
          });
    }
  }
}
