package io.quorate.examples.serving;

import io.quorate.resilience.RejectedException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Users: so many requests a second, whether or not earlier ones have been answered. Latency counts
 * from when a request was due, so that a stall is not hidden by requests that were never sent.
 */
final class Load {
  private static final int USERS = 50;

  private final Predictor predictor;
  private final AtomicLong[] seen = new AtomicLong[USERS];
  final Latencies answered = new Latencies();
  final Latencies rejected = new Latencies();
  final AtomicLong sent = new AtomicLong();
  /** Neither answered in time nor refused. */
  final AtomicLong failed = new AtomicLong();
  /** Answers of an older version than their user had seen when asking. */
  final AtomicLong wentBack = new AtomicLong();

  Load(Predictor predictor) {
    this.predictor = predictor;
    for (int i = 0; i < USERS; i++) {
      seen[i] = new AtomicLong();
    }
  }

  /** Sends for {@code seconds}, on this thread, then waits for what is out. */
  Load run(double perSecond, double seconds) {
    long beganNanos = System.nanoTime();
    long count = (long) (perSecond * seconds);
    for (long i = 0; i < count; i++) {
      long dueNanos = beganNanos + (long) (i * TimeUnit.SECONDS.toNanos(1) / perSecond);
      while (System.nanoTime() - dueNanos < 0) {
        LockSupport.parkNanos(dueNanos - System.nanoTime());
      }
      send((int) (i % USERS), dueNanos);
    }
    long limitNanos = System.nanoTime() + Predictor.DEADLINE.toNanos() + 2_000_000_000L;
    while (answered.count() + rejected.count() + failed.get() < count
        && System.nanoTime() - limitNanos < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    return this;
  }

  private void send(int user, long dueNanos) {
    long sawBefore = seen[user].get();
    long sentNanos = System.nanoTime();
    sent.incrementAndGet();
    predictor
        .predict("user " + user, sawBefore)
        .whenComplete(
            (prediction, failure) -> {
              long nowNanos = System.nanoTime();
              if (failure == null) {
                wentBack.addAndGet(prediction.version() < sawBefore ? 1 : 0);
                seen[user].accumulateAndGet(prediction.version(), Math::max);
                answered.add(nowNanos - dueNanos);
              } else if (failure instanceof RejectedException
                  || failure instanceof ExpiredException) {
                rejected.add(nowNanos - sentNanos);
              } else {
                failed.incrementAndGet();
              }
            });
  }
}
