package io.quorate.resilience;

import java.util.ArrayList;
import java.util.List;

/**
 * Runs a call on the caller's thread. A successful first attempt allocates nothing, unless it is
 * bounded in time or asks for its {@link Attempt}.
 */
final class SyncCall {
  private SyncCall() {}

  /**
   * Runs {@code work}, one of the functional interfaces of {@link Guard}.
   *
   * @param picker null for work without a target
   */
  static <T, R> R run(Pipeline p, Deadline within, Picker<T> picker, Object work) {
    p.calls.increment();
    boolean bounded = p.deadlineNanos > 0 || within != Deadline.none();
    boolean timed = p.timed || bounded || picker != null;
    long nowNanos = timed ? p.clock.getAsLong() : 0;
    long endNanos = 0;
    if (bounded) {
      long own = p.deadlineNanos > 0 ? p.deadlineNanos : Long.MAX_VALUE;
      long remainingNanos = Math.min(own, within.remainingNanos());
      if (remainingNanos == 0) {
        throw p.rejected(new RejectedException.DeadlineExceeded(p.name));
      }
      endNanos = nowNanos + remainingNanos;
    }
    if (p.budget != null) {
      p.budget.deposit();
    }
    return attempts(p, timed, bounded, endNanos, picker, work, nowNanos);
  }

  private static <T, R> R attempts(
      Pipeline p,
      boolean timed,
      boolean bounded,
      long endNanos,
      Picker<T> picker,
      Object work,
      long startNanos) {
    long nowNanos = startNanos;
    Tried<T> tried = Tried.none();
    List<Throwable> earlier = List.of();
    for (int number = 1; ; number++) {
      long pick = Picker.NONE;
      T target = null;
      Throwable failure;
      R result = null;
      try {
        if (picker != null) {
          pick = picker.pick(0, tried, nowNanos);
          if (pick == Picker.NONE) {
            throw p.rejected(new RejectedException.NoTarget(p.name));
          }
          target = picker.target(pick);
        }
        long untilDeadline = bounded ? endNanos - nowNanos : Long.MAX_VALUE;
        result = attempt(p, timed, untilDeadline, picker, pick, target, work, number, nowNanos);
        if (p.classifier == null || p.outcomeOf(result, null) != Outcome.FAILURE) {
          return result;
        }
        failure = null;
      } catch (Throwable thrown) {
        failure = thrown;
      }
      if (failure instanceof RejectedException && !earlier.isEmpty()) {
        // What the attempts before have failed with tells more than that there is no further one.
        Throwable last = earlier.get(earlier.size() - 1);
        Failures.keep(last, failure);
        p.failures.increment();
        p.giveUp(last, earlier, number - 1);
        throw Failures.<RuntimeException>sneak(last);
      }
      boolean failed = p.outcomeOf(result, failure) == Outcome.FAILURE;
      long endedNanos = failed && p.retry != null ? p.clock.getAsLong() : 0;
      long delayNanos =
          failed
              ? p.delayBefore(
                  number + 1, failure, endedNanos, bounded ? endNanos - endedNanos : Long.MAX_VALUE)
              : Pipeline.GIVE_UP;
      if (delayNanos == Pipeline.GIVE_UP || !slept(p, number + 1, delayNanos, failure)) {
        if (failed) {
          p.failures.increment();
        }
        if (failure == null) {
          return result;
        }
        p.giveUp(failure, earlier, number);
        throw Failures.<RuntimeException>sneak(failure);
      }
      earlier = with(earlier, failure);
      if (picker != null) {
        tried = tried.count() == 0 ? Tried.empty() : tried;
        tried.add(target);
      }
      nowNanos = timed ? p.clock.getAsLong() : 0;
    }
  }

  /** Keeps the first failures and the latest; their number is bounded. */
  private static List<Throwable> with(List<Throwable> earlier, Throwable failure) {
    if (failure == null) {
      return earlier;
    }
    List<Throwable> kept = earlier.isEmpty() ? new ArrayList<>(2) : earlier;
    if (kept.size() == Failures.MAX_KEPT) {
      kept.remove(kept.size() - 1);
    }
    kept.add(failure);
    return kept;
  }

  /** Waits before the next attempt; false if interrupted, with the interrupt flag set again. */
  private static boolean slept(Pipeline p, int next, long delayNanos, Throwable failure) {
    p.retrying(next, delayNanos);
    if (delayNanos == 0) {
      return true;
    }
    try {
      p.timer.sleep(delayNanos);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (failure != null) {
        Failures.keep(failure, e);
      }
      return false;
    }
  }

  /** One attempt: whatever was taken is given back, whoever throws what. */
  private static <T, R> R attempt(
      Pipeline p,
      boolean timed,
      long untilDeadline,
      Picker<T> picker,
      long pick,
      T target,
      Object work,
      int number,
      long nowNanos)
      throws Exception {
    long admission = CircuitBreaker.REFUSED;
    long permit = 0;
    boolean started = false;
    Outcome outcome = Outcome.IGNORED;
    try {
      if (p.breaker != null) {
        admission = timed ? p.breaker.tryAcquire(nowNanos) : p.breaker.tryAcquire();
        if (admission == CircuitBreaker.REFUSED) {
          throw p.rejected(p.breaker.refusal());
        }
      }
      if (p.limiter != null) {
        permit = p.limiter.tryAcquire(nowNanos);
        if (permit <= 0) {
          throw p.rejected(p.refusedBy(permit));
        }
      }
      started = true;
      R result = invokeBounded(p, untilDeadline, work, target, number);
      outcome = p.outcomeOf(result, null);
      return result;
    } catch (Throwable failure) {
      outcome = started ? p.outcomeOf(null, failure) : Outcome.IGNORED;
      throw failure;
    } finally {
      long endNanos = timed ? p.clock.getAsLong() : 0;
      if (permit > 0) {
        p.limiter.release(permit, outcome, endNanos);
      }
      if (admission != CircuitBreaker.REFUSED) {
        settle(p.breaker, admission, outcome, timed, endNanos);
      }
      if (picker != null) {
        picker.done(pick, outcome, endNanos);
      }
      if (started && timed) {
        p.attempted(outcome, endNanos - nowNanos);
      }
    }
  }

  private static void settle(
      CircuitBreaker breaker, long admission, Outcome outcome, boolean timed, long nowNanos) {
    if (timed) {
      breaker.settle(admission, outcome, nowNanos);
    } else if (outcome == Outcome.SUCCESS) {
      breaker.success(admission);
    } else if (outcome == Outcome.FAILURE) {
      breaker.failure(admission);
    } else {
      breaker.ignore(admission);
    }
  }

  private static <T, R> R invokeBounded(
      Pipeline p, long untilDeadline, Object work, T target, int number) throws Exception {
    if (untilDeadline == Long.MAX_VALUE && p.timeoutNanos == 0) {
      return invoke(work, target, number, Deadline.none());
    }
    boolean byDeadline = p.timeoutNanos == 0 || untilDeadline <= p.timeoutNanos;
    long nanos = byDeadline ? untilDeadline : p.timeoutNanos;
    if (nanos <= 0) {
      throw new RejectedException.DeadlineExceeded(p.name);
    }
    Interrupter interrupter = new Interrupter(p.timer, nanos);
    R result = null;
    Throwable failure = null;
    try {
      result = invoke(work, target, number, Deadline.afterNanos(nanos, p.clock));
    } catch (Throwable thrown) {
      failure = thrown;
    }
    if (interrupter.stop()) {
      p.timeouts.increment();
      TimedOutException timedOut = new TimedOutException(p.name, byDeadline, nanos);
      if (failure != null) {
        Failures.keep(timedOut, failure);
      }
      throw timedOut;
    }
    if (failure != null) {
      throw Failures.<RuntimeException>sneak(failure);
    }
    return result;
  }

  @SuppressWarnings("unchecked") // Guard hands in work of these types only
  private static <T, R> R invoke(Object work, T target, int number, Deadline deadline)
      throws Exception {
    if (work instanceof Guard.Work<?, ?> plain) {
      return ((Guard.Work<R, Exception>) plain).call();
    }
    if (work instanceof Guard.TargetWork<?, ?, ?> targeted) {
      return ((Guard.TargetWork<T, R, Exception>) targeted).call(target);
    }
    Attempt attempt = new SyncAttempt(number, deadline);
    if (work instanceof Guard.AttemptWork<?, ?> watched) {
      return ((Guard.AttemptWork<R, Exception>) watched).call(attempt);
    }
    return ((Guard.TargetAttemptWork<T, R, Exception>) work).call(target, attempt);
  }

  /** What a synchronous callee sees; it is never hedged, and cancelled by interruption. */
  private record SyncAttempt(int number, Deadline deadline) implements Attempt {
    @Override
    public boolean isHedge() {
      return false;
    }

    @Override
    public long remainingNanos() {
      return deadline.remainingNanos();
    }

    @Override
    public boolean isCancelled() {
      return deadline.isPassed();
    }
  }
}
