package io.quorate.resilience;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a guard is made of, and the decisions that synchronous and asynchronous calls share. Parts
 * that a guard does not have are null.
 */
final class Pipeline {
  /** Says: do not try again. */
  static final long GIVE_UP = -1;

  final String name;
  final LongSupplier clock;
  final Timer timer;
  final Listener listener;
  final CircuitBreaker breaker;
  final Limiter limiter;
  final Retry retry;
  final RetryBudget budget;
  final Hedge hedge;
  final RetryBudget hedgeBudget;
  final Latencies latencies;
  final Supplier<Executor> context;
  /** Null: the standard one, which never asks about results. */
  final Outcome.Classifier classifier;
  /** 0: none. */
  final long deadlineNanos;
  /** 0: none. */
  final long timeoutNanos;
  /** Whether calls must know the time even without a picker and a deadline. */
  final boolean timed;

  final LongAdder calls = new LongAdder();
  final LongAdder failures = new LongAdder();
  final LongAdder rejections = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder hedges = new LongAdder();
  final LongAdder timeouts = new LongAdder();
  final LongAdder fallbacks = new LongAdder();

  private final Outcome.Classifier standard = Outcome.Classifier.standard();
  private final Mix chance;
  private final boolean watched;

  Pipeline(Guard.Builder parts) {
    name = parts.name;
    clock = parts.clock;
    timer = parts.timer;
    listener = ContainedListener.of(parts.listener);
    breaker = parts.builtBreaker();
    limiter = parts.limiters.isEmpty() ? null : LimiterChain.of(parts.limiters);
    retry = parts.retry;
    long nowNanos = clock.getAsLong();
    budget =
        retry == null || parts.budget != null ? parts.budget : RetryBudget.defaults(nowNanos);
    hedge = parts.hedge;
    hedgeBudget = hedge == null ? null : RetryBudget.of(hedge.ratio(), 0, 10, nowNanos);
    latencies = hedge == null ? null : new Latencies(hedge.quantile());
    context = parts.context;
    classifier = parts.classifier;
    deadlineNanos = parts.deadlineNanos;
    timeoutNanos = parts.timeoutNanos;
    chance = new Mix(parts.seed);
    watched = listener != Listener.none();
    timed =
        limiter != null
            || hedge != null
            || watched
            || timeoutNanos > 0
            || breaker != null && breaker.timed();
  }

  /** What a finished attempt says. A classifier that throws makes it a failure. */
  Outcome outcomeOf(Object result, Throwable failure) {
    if (classifier == null) {
      return standard.of(result, failure);
    }
    try {
      return classifier.of(result, failure);
    } catch (RuntimeException | Error e) {
      if (failure != null) {
        Failures.keep(failure, e);
      }
      return Outcome.FAILURE;
    }
  }

  /**
   * How long to wait before attempt {@code next}, or {@link #GIVE_UP}. Takes it out of the budget.
   *
   * @param failure of the last attempt; null if it returned a result that counts as failed
   * @param remainingNanos until the deadline
   */
  long delayBefore(int next, Throwable failure, long nowNanos, long remainingNanos) {
    if (retry == null || next > retry.maxAttempts()) {
      return GIVE_UP;
    }
    try {
      if (!isRetryable(failure)) {
        return GIVE_UP;
      }
      long delayNanos = retry.delayNanos(next, failure, chance.nextUnit());
      boolean inTime = delayNanos < remainingNanos;
      return inTime && budget.tryWithdraw(nowNanos) ? delayNanos : GIVE_UP;
    } catch (RuntimeException e) {
      // A predicate or back-off of the user's has thrown: the call fails with its own failure.
      if (failure != null) {
        Failures.keep(failure, e);
      }
      return GIVE_UP;
    }
  }

  private boolean isRetryable(Throwable failure) {
    if (failure == null) {
      return retry.idempotent();
    }
    if (failure instanceof RejectedException
        || failure instanceof CancellationException
        || failure instanceof InterruptedException
        || Failures.wasRetriedWithin(failure, name)) {
      return false;
    }
    return retry.idempotent() || !retry.mayHaveTakenEffect().test(failure);
  }

  /** Notes that attempt {@code number} follows after {@code delayNanos}. */
  void retrying(int number, long delayNanos) {
    retries.increment();
    listener.onRetry(name, number, delayNanos);
  }

  /** How long an attempt may be out before it is hedged. */
  long hedgeDelayNanos() {
    return Math.max(
        hedge.floor().toNanos(),
        latencies.isReady() ? latencies.quantileNanos() : hedge.first().toNanos());
  }

  /** Reports the end of an attempt to those that only watch. */
  void attempted(Outcome outcome, long latencyNanos) {
    if (outcome == Outcome.SUCCESS && latencies != null) {
      latencies.record(latencyNanos);
    }
    if (watched) {
      listener.onAttempt(name, outcome, latencyNanos);
    }
  }

  RejectedException rejected(RejectedException rejection) {
    rejections.increment();
    listener.onRejected(name, rejection);
    return rejection;
  }

  RejectedException refusedBy(long permit) {
    return new RejectedException.LimitExceeded(LimiterChain.refuser(limiter, permit));
  }

  /** Prepares {@code failure} to be the last word: earlier failures kept, retries marked. */
  void giveUp(Throwable failure, Iterable<Throwable> earlier, int attempts) {
    for (Throwable kept : earlier) {
      Failures.keep(failure, kept);
    }
    if (attempts > 1) {
      Failures.markGaveUp(failure, name, attempts);
    }
  }
}
