package io.quorate.examples.platform;

import io.quorate.examples.language.LanguageNames.Example;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Users: so many requests a second, whether or not earlier ones have been answered. Latency counts
 * from when a request was due, so that a stall is not hidden by requests that were never sent.
 */
final class Load {
  private final Fleet fleet;
  private final List<Example> examples;
  private final double perSecond;
  private final Latencies latencies = new Latencies();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong right = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final Thread thread;
  private final long beganNanos = System.nanoTime();
  private volatile boolean stopped;
  private volatile long endedNanos;

  Load(Fleet fleet, List<Example> examples, double perSecond) {
    this.fleet = fleet;
    this.examples = examples;
    this.perSecond = perSecond;
    this.thread = new Thread(this::send, "load");
    thread.setDaemon(true);
    thread.start();
  }

  Latencies latencies() {
    return latencies;
  }

  long answered() {
    return answered.get();
  }

  long failed() {
    return failed.get();
  }

  double accuracy() {
    return (double) right.get() / Math.max(1, answered.get());
  }

  /** The share of requests that were answered within their deadline. */
  double availability() {
    return (double) answered.get() / Math.max(1, sent.get());
  }

  double answeredPerSecond() {
    return answered.get() / ((endedNanos - beganNanos) / 1e9);
  }

  private void send() {
    double intervalNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
    for (long i = 0; !stopped; i++) {
      long due = beganNanos + (long) (i * intervalNanos);
      while (System.nanoTime() - due < 0) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
      Example example = examples.get((int) (i % examples.size()));
      sent.incrementAndGet();
      fleet
          .predict(example.text())
          .whenComplete((label, failure) -> done(example, label, failure, due));
    }
  }

  private void done(Example example, Integer label, Throwable failure, long due) {
    if (failure == null) {
      latencies.add(System.nanoTime() - due);
      right.addAndGet(label == example.label() ? 1 : 0);
      answered.incrementAndGet();
    } else {
      failed.incrementAndGet();
    }
  }

  /** Sends no more, and waits for what is out. */
  void stop() throws InterruptedException {
    stopped = true;
    thread.join();
    endedNanos = System.nanoTime();
    long limit = endedNanos + Duration.ofSeconds(2).toNanos();
    while (answered.get() + failed.get() < sent.get() && System.nanoTime() - limit < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}
