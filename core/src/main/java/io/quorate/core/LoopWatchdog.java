package io.quorate.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports event loops that are blocked: gives each loop a small task again and again, and if one
 * has not run for a second, logs where the loop's thread is and counts {@code
 * event_loop_stalls_total}.
 */
final class LoopWatchdog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LoopWatchdog.class);
  private static final long PERIOD_MILLIS = 250;
  private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Clock clock;
  private final List<Beat> beats = new ArrayList<>();
  private final Metrics.Counter stalls;
  private final Thread thread;

  /** Sent to one loop; at most one is on its way to each. */
  private final class Beat implements Runnable {
    private final EventLoop loop;
    private final int number;
    private volatile Thread loopThread;
    private volatile boolean waiting;
    private long sentNanos;
    private boolean reported;

    private Beat(EventLoop loop, int number) {
      this.loop = loop;
      this.number = number;
    }

    @Override
    public void run() {
      loopThread = Thread.currentThread();
      waiting = false;
    }

    /** On the watchdog's thread. */
    private void look() {
      long now = clock.monotonicNanos();
      if (!waiting) {
        reported = false;
        waiting = true;
        sentNanos = now;
        loop.execute(this);
      } else if (!reported && now - sentNanos > STALL_NANOS) {
        reported = true;
        stalls.increment();
        Thread busy = loopThread;
        log.warn(
            "event loop is blocked loop={} millis={} at={}",
            number,
            TimeUnit.NANOSECONDS.toMillis(now - sentNanos),
            busy == null ? "unknown" : List.of(busy.getStackTrace()));
      }
    }
  }

  LoopWatchdog(String threadName, List<EventLoop> loops, Clock clock, Metrics metrics) {
    this.clock = clock;
    this.stalls = metrics.counter("event_loop_stalls_total");
    for (EventLoop loop : loops) {
      beats.add(new Beat(loop, beats.size()));
    }
    this.thread = new Thread(this::watch, threadName);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(PERIOD_MILLIS);
        beats.forEach(Beat::look);
      }
    } catch (InterruptedException | RejectedExecutionException e) {
      // Closed, or the loops have ended: there is nothing left to watch.
      log.debug("watchdog ends cause={}", e.toString());
    }
  }
}
