package io.quorate.resilience.balance;

import io.quorate.resilience.Timer;
import io.quorate.resilience.balance.HealthChecker.Listener;
import io.quorate.resilience.balance.HealthChecker.Options;
import io.quorate.resilience.balance.HealthChecker.Probe;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The probes of one target. Its lock is held while the listener is told, so that what it is told is
 * in order, and stopping waits for it; it is never held while the probe runs.
 */
final class HealthWatch<T> {
  private static final Logger log = LoggerFactory.getLogger(HealthWatch.class);
  private static final Runnable NOTHING = () -> {};

  private final T target;
  private final Probe<T> probe;
  private final LongSupplier clock;
  private final Timer timer;
  private final Listener<? super T> listener;
  private final long intervalNanos;
  private final long timeoutNanos;
  private final double jitter;
  private final SplittableRandom random;

  private final ReentrantLock lock = new ReentrantLock();
  // Guarded by the lock.
  private final Hysteresis hysteresis;
  private boolean stopped;
  private boolean waiting;
  private long round;
  private long startNanos;
  private CompletionStage<Boolean> answer;
  private Runnable cancelNext = NOTHING;
  private Runnable cancelTimeout = NOTHING;
  private long failed;
  private long unanswered;

  HealthWatch(
      T target,
      Probe<T> probe,
      Options options,
      LongSupplier clock,
      Timer timer,
      SplittableRandom random,
      Listener<? super T> listener) {
    this.target = target;
    this.probe = probe;
    this.clock = clock;
    this.timer = timer;
    this.listener = listener;
    this.random = random;
    intervalNanos = options.interval().toNanos();
    timeoutNanos = options.timeout().toNanos();
    jitter = options.jitter();
    hysteresis = new Hysteresis(options.rise(), options.fall());
  }

  void start() {
    lock.lock();
    try {
      // Anywhere in the first interval: targets that are added together are not probed together.
      cancelNext = timer.schedule((long) (random.nextDouble() * intervalNanos), this::begin);
    } finally {
      lock.unlock();
    }
  }

  private void begin() {
    long current;
    lock.lock();
    try {
      if (stopped) {
        return;
      }
      current = ++round;
      waiting = true;
      startNanos = clock.getAsLong();
      double factor = 1 + jitter * (2 * random.nextDouble() - 1);
      cancelNext = timer.schedule((long) (intervalNanos * factor), this::begin);
      cancelTimeout = timer.schedule(timeoutNanos, () -> timeOut(current));
    } finally {
      lock.unlock();
    }
    ask(current);
  }

  private void ask(long current) {
    try {
      CompletionStage<Boolean> stage = probe.check(target, timeoutNanos);
      lock.lock();
      try {
        answer = stage;
      } finally {
        lock.unlock();
      }
      stage.whenComplete((good, failure) -> end(current, Boolean.TRUE.equals(good), false));
    } catch (RuntimeException | Error e) {
      // What a probe throws is about the target; the probing goes on. So does a null stage.
      log.debug("health probe failed target={}", target, e);
      end(current, false, false);
    }
  }

  private void timeOut(long current) {
    CompletionStage<Boolean> late;
    lock.lock();
    try {
      late = current == round && waiting ? answer : null;
      end(current, false, true);
    } finally {
      lock.unlock();
    }
    cancel(late);
  }

  private void cancel(CompletionStage<Boolean> late) {
    if (late != null) {
      try {
        late.toCompletableFuture().cancel(true);
      } catch (RuntimeException | Error e) {
        // Not every stage can be cancelled; its answer is not waited for in any case.
        log.debug("health probe not cancelled target={}", target, e);
      }
    }
  }

  private void end(long current, boolean passed, boolean timedOut) {
    lock.lock();
    try {
      if (stopped || current != round || !waiting) {
        return;
      }
      waiting = false;
      answer = null;
      cancelTimeout.run();
      if (!passed) {
        failed++;
      }
      if (timedOut) {
        unanswered++;
      }
      boolean changed = hysteresis.accept(passed);
      long tookNanos = timedOut ? timeoutNanos : Math.max(0, clock.getAsLong() - startNanos);
      tell(passed, tookNanos, changed);
    } finally {
      lock.unlock();
    }
  }

  private void tell(boolean passed, long tookNanos, boolean changed) {
    try {
      listener.onProbe(target, passed, tookNanos);
    } catch (RuntimeException | Error e) {
      Notices.contain(e);
    }
    if (changed) {
      try {
        listener.onHealth(target, hysteresis.healthy());
      } catch (RuntimeException | Error e) {
        Notices.contain(e);
      }
    }
  }

  void stop() {
    CompletionStage<Boolean> late;
    lock.lock();
    try {
      stopped = true;
      cancelNext.run();
      cancelTimeout.run();
      late = answer;
      answer = null;
    } finally {
      lock.unlock();
    }
    cancel(late);
  }

  boolean healthy() {
    lock.lock();
    try {
      return hysteresis.healthy();
    } finally {
      lock.unlock();
    }
  }

  long probes() {
    lock.lock();
    try {
      return round;
    } finally {
      lock.unlock();
    }
  }

  long failed() {
    lock.lock();
    try {
      return failed;
    } finally {
      lock.unlock();
    }
  }

  long unanswered() {
    lock.lock();
    try {
      return unanswered;
    } finally {
      lock.unlock();
    }
  }
}
