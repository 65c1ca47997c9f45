package io.quorate.resilience;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An asynchronous call that did not end with its first step. A call whose first attempt is complete
 * when the work returns needs none.
 *
 * <p>Whoever launches attempts holds the turn, and only one does: {@code state} is how many
 * attempts are out, and whether somebody has the turn. The last attempt to fail takes it to decide
 * on a retry; the hedge timer takes it if it is free. If all attempts fail while somebody launches
 * one, it is that one who goes on, in a loop: stages that fail at once, however many, need no
 * stack.
 */
final class AsyncCall<T, R> extends CompletableFuture<R> {
  private static final int TURN = 1 << 30;

  private record Failed(Throwable failure, Object result, Failed next) {}

  private final Pipeline p;
  private final Picker<T> picker;
  private final Object work;
  private final Fallback<R> fallback;
  private final Executor context;
  private final boolean bounded;
  private final long endNanos;
  private final AtomicInteger state = new AtomicInteger(TURN);
  private final AtomicReference<Failed> failed = new AtomicReference<>();

  // Written only by the one who has the turn.
  private Tried<T> tried = Tried.none();
  private int attempts;
  private int hedges;
  private List<Throwable> earlier = List.of();
  /** The attempts that may be out: the latest, and through it those it was sent beside. */
  private volatile AsyncAttempt<T, R> latest;
  private volatile Runnable cancelWait = () -> {};
  private volatile Runnable cancelHedge = () -> {};

  private AsyncCall(
      Pipeline p,
      Picker<T> picker,
      Object work,
      Fallback<R> fallback,
      Executor context,
      boolean bounded,
      long endNanos) {
    this.p = p;
    this.picker = picker;
    this.work = work;
    this.fallback = fallback;
    this.context = context;
    this.bounded = bounded;
    this.endNanos = endNanos;
  }

  /** Makes the first attempt. */
  static <T, R> CompletableFuture<R> start(
      Pipeline p, Deadline within, Picker<T> picker, Object work, Fallback<R> fallback) {
    p.calls.increment();
    long nowNanos = p.clock.getAsLong();
    long own = p.deadlineNanos > 0 ? p.deadlineNanos : Long.MAX_VALUE;
    long remainingNanos = Math.min(own, within.remainingNanos());
    boolean bounded = remainingNanos != Long.MAX_VALUE;
    long endNanos = bounded ? nowNanos + remainingNanos : 0;
    if (p.budget != null) {
      p.budget.deposit();
    }
    if (p.hedgeBudget != null) {
      p.hedgeBudget.deposit();
    }
    Executor context;
    AsyncAttempt<T, R> first =
        new AsyncAttempt<>(
            p, picker, 1, false, nowNanos, allowedNanos(p, bounded, endNanos, nowNanos));
    RejectedException rejection;
    try {
      context = p.context == null ? null : p.context.get();
      rejection =
          remainingNanos == 0
              ? new RejectedException.DeadlineExceeded(p.name)
              : first.admit(Tried.none());
    } catch (RuntimeException | Error e) {
      // A picker, limiter or context of the user's has thrown; nothing is held.
      return CompletableFuture.failedFuture(e);
    }
    if (rejection != null) {
      p.rejected(rejection);
      if (fallback == null) {
        return CompletableFuture.failedFuture(rejection);
      }
    } else {
      CompletableFuture<R> future = first.invoke(work);
      if (future.isDone() && !future.isCompletedExceptionally()) {
        if (p.outcomeOf(future.getNow(null), null) == Outcome.SUCCESS) {
          long endedNanos = p.clock.getAsLong();
          first.trySettle();
          first.report(Outcome.SUCCESS, endedNanos);
          first.release(Outcome.SUCCESS, endedNanos);
          return future;
        }
      }
    }
    AsyncCall<T, R> call =
        new AsyncCall<>(p, picker, work, fallback, context, bounded, endNanos);
    call.handle((result, failure) -> call.stopped());
    if (rejection != null) {
      call.fail(rejection);
    } else {
      call.attempts = 1;
      call.safely(
          () -> {
            call.launched(first);
            call.go();
          });
    }
    return call;
  }

  private static long allowedNanos(
      Pipeline p, boolean bounded, long endNanos, long nowNanos) {
    long timeout = p.timeoutNanos > 0 ? p.timeoutNanos : Long.MAX_VALUE;
    return bounded ? Math.min(timeout, endNanos - nowNanos) : timeout;
  }

  /** Goes on for as long as it has the turn and attempts fail at once. */
  private void go() {
    while (!gaveTurn()) {
      if (isDone()) {
        return;
      }
      Failed last = failed.getAndSet(null);
      if (last == null) {
        // Nothing is out and nothing has failed: an attempt has ended the call.
        return;
      }
      long nowNanos = p.clock.getAsLong();
      long remainingNanos = bounded ? endNanos - nowNanos : Long.MAX_VALUE;
      long delayNanos = p.delayBefore(attempts + 1, last.failure, nowNanos, remainingNanos);
      if (delayNanos == Pipeline.GIVE_UP) {
        giveUp(last);
        return;
      }
      remember(last);
      p.retrying(attempts + 1, delayNanos);
      if (delayNanos > 0) {
        cancelWait = p.timer.schedule(delayNanos, () -> inContext(this::resume));
        if (isDone()) {
          cancelWait.run();
        }
        return;
      }
      if (!launch(false)) {
        return;
      }
    }
  }

  /** The wait before a retry is over. */
  private void resume() {
    if (!isDone() && launch(false)) {
      go();
    }
  }

  /** Whatever a part given by the user throws, the call ends. */
  private void safely(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      completeExceptionally(e);
    }
  }

  /** An attempt has been out for long. */
  private void hedge() {
    int now;
    do {
      now = state.get();
      if ((now & TURN) != 0 || now == 0) {
        return;
      }
    } while (!state.compareAndSet(now, now | TURN));
    boolean mayHedge = !isDone() && hedges < p.hedge.maxHedges();
    if (mayHedge && p.hedgeBudget.tryWithdraw(p.clock.getAsLong())) {
      launch(true);
    }
    go();
  }

  /** Makes another attempt; false if it was refused and that has ended the call. */
  private boolean launch(boolean hedge) {
    long nowNanos = p.clock.getAsLong();
    long allowedNanos = allowedNanos(p, bounded, endNanos, nowNanos);
    AsyncAttempt<T, R> attempt =
        new AsyncAttempt<>(p, picker, attempts + 1, hedge, nowNanos, allowedNanos);
    RejectedException rejection =
        allowedNanos <= 0
            ? new RejectedException.DeadlineExceeded(p.name)
            : attempt.admit(tried);
    if (rejection != null) {
      if (hedge) {
        // The attempts that are out may still succeed: not to hedge is no failure.
        return true;
      }
      p.rejected(rejection);
      Throwable last = earlier.isEmpty() ? rejection : earlier.get(earlier.size() - 1);
      Failures.keep(last, rejection);
      giveUp(new Failed(last, null, null));
      return false;
    }
    attempts++;
    if (hedge) {
      hedges++;
      p.hedges.increment();
      p.listener.onHedge(p.name, attempts);
      attempt.previous = latest;
    }
    attempt.invoke(work);
    launched(attempt);
    return true;
  }

  /** Waits for an attempt whose work has been started. */
  private void launched(AsyncAttempt<T, R> attempt) {
    state.incrementAndGet();
    latest = attempt;
    if (picker != null) {
      tried = tried.count() == 0 ? Tried.empty() : tried;
      tried.add(attempt.target);
    }
    try {
      if (!attempt.future.isDone()) {
        startTimers(attempt);
      }
    } finally {
      // Even if the timer refuses: the end of the work gives the permit back.
      // Not whenComplete: that would wrap each failure in an exception nobody sees.
      attempt.future.handle((result, failure) -> completed(attempt, result, failure));
    }
    if (isDone()) {
      stopped();
    }
  }

  private void startTimers(AsyncAttempt<T, R> attempt) {
    attempt.startTimer(() -> timedOut(attempt));
    if (p.hedge != null && hedges < p.hedge.maxHedges()) {
      cancelHedge.run();
      cancelHedge = p.timer.schedule(p.hedgeDelayNanos(), () -> inContext(this::hedge));
    }
  }

  private Void completed(AsyncAttempt<T, R> attempt, R result, Throwable wrapped) {
    Throwable failure = wrapped == null ? null : Failures.unwrapped(wrapped);
    long nowNanos = p.clock.getAsLong();
    if (!attempt.trySettle()) {
      // Timed out, or abandoned: it has been reported, and now its work has ended too.
      attempt.release(isDone() ? Outcome.IGNORED : Outcome.FAILURE, nowNanos);
      return null;
    }
    Outcome outcome = p.outcomeOf(result, failure);
    attempt.report(outcome, nowNanos);
    attempt.release(outcome, nowNanos);
    boolean mayGoOn = outcome == Outcome.FAILURE || outcome == Outcome.IGNORED && failure != null;
    if (mayGoOn) {
      failed(failure, result);
    } else if (failure == null) {
      complete(result);
    } else {
      fail(failure);
    }
    return null;
  }

  private void timedOut(AsyncAttempt<T, R> attempt) {
    if (!attempt.trySettle()) {
      return;
    }
    p.timeouts.increment();
    attempt.report(Outcome.FAILURE, p.clock.getAsLong());
    boolean byDeadline = bounded && attempt.startNanos + attempt.allowedNanos - endNanos >= 0;
    attempt.future.cancel(true);
    failed(new TimedOutException(p.name, byDeadline, attempt.allowedNanos), null);
  }

  /** An attempt has failed; the last one that is out takes the turn, unless somebody has it. */
  private void failed(Throwable failure, R result) {
    failed.getAndUpdate(before -> new Failed(failure, result, before));
    int before = state.getAndUpdate(now -> now == 1 ? TURN : now - 1);
    if (before == 1) {
      inContext(this::go);
    }
  }

  /** Gives the turn back, unless nothing is out and it is needed again at once. */
  private boolean gaveTurn() {
    int before = state.getAndUpdate(now -> now == TURN ? TURN : now & ~TURN);
    return before != TURN;
  }

  private void remember(Failed last) {
    for (Failed each = last; each != null; each = each.next) {
      if (each.failure != null) {
        earlier = earlier.isEmpty() ? new ArrayList<>(2) : earlier;
        if (earlier.size() == Failures.MAX_KEPT) {
          earlier.remove(earlier.size() - 1);
        }
        earlier.add(each.failure);
      }
    }
  }

  @SuppressWarnings("unchecked") // a result that an attempt of this call has returned
  private void giveUp(Failed last) {
    if (p.outcomeOf(last.result, last.failure) == Outcome.FAILURE) {
      p.failures.increment();
    }
    remember(last.next);
    if (last.failure == null) {
      complete((R) last.result);
    } else {
      p.giveUp(last.failure, earlier, attempts);
      fail(last.failure);
    }
  }

  /** The call has failed, unless a fallback knows an answer. */
  private void fail(Throwable failure) {
    if (fallback == null || Guard.isNobodyWaiting(failure) || failure instanceof Error) {
      completeExceptionally(failure);
      return;
    }
    p.fallbacks.increment();
    p.listener.onFallback(p.name, failure);
    inContext(() -> recover(failure));
  }

  private void recover(Throwable failure) {
    try {
      fallback
          .recoverAsync(failure)
          .whenComplete(
              (answer, thrown) -> {
                if (thrown == null) {
                  complete(answer);
                } else {
                  Throwable none = Failures.unwrapped(thrown);
                  Failures.keep(none, failure);
                  completeExceptionally(none);
                }
              });
    } catch (RuntimeException | Error e) {
      Failures.keep(e, failure);
      completeExceptionally(e);
    }
  }

  /** The call has ended, or was ended from outside: what is out is stopped. */
  private Void stopped() {
    cancelWait.run();
    cancelHedge.run();
    long nowNanos = p.clock.getAsLong();
    for (AsyncAttempt<T, R> each = latest; each != null; each = each.previous) {
      each.abandon(nowNanos);
    }
    return null;
  }

  private void inContext(Runnable task) {
    safely(context == null ? task : () -> context.execute(task));
  }
}
