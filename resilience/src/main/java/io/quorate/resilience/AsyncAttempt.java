package io.quorate.resilience;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One attempt of an asynchronous call, with the permits it holds.
 *
 * <p>It is settled once: by its stage, by its timeout, or because nobody waits for it any more,
 * whichever comes first. Breaker and picker are told then. The permit of the limit is given back
 * when the stage completes, and not before: work that goes on after its timeout still counts.
 */
final class AsyncAttempt<T, R> implements Attempt {
  private static final VarHandle SETTLED;

  static {
    try {
      SETTLED = MethodHandles.lookup().findVarHandle(AsyncAttempt.class, "settled", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Pipeline p;
  private final Picker<T> picker;
  private final int number;
  private final boolean hedge;
  final long startNanos;
  /** Nanoseconds from the start; {@code Long.MAX_VALUE} if it may take for ever. */
  final long allowedNanos;

  /** The attempt that was out when this hedge was sent; else null. */
  AsyncAttempt<T, R> previous;

  T target;
  CompletableFuture<R> future;
  private long pick;
  private long admission;
  private long permit;
  private volatile Runnable cancelTimer = () -> {};
  private volatile boolean settled;

  AsyncAttempt(
      Pipeline p, Picker<T> picker, int number, boolean hedge, long startNanos, long allowedNanos) {
    this.p = p;
    this.picker = picker;
    this.number = number;
    this.hedge = hedge;
    this.startNanos = startNanos;
    this.allowedNanos = allowedNanos;
  }

  /**
   * Takes what the attempt needs; the refusal, or null. A hedge to a target that has been tried
   * already is refused as well: {@code NoTarget}.
   */
  RejectedException admit(Tried<T> tried) {
    if (picker != null) {
      pick = picker.pick(0, tried, startNanos);
      if (pick == Picker.NONE) {
        return new RejectedException.NoTarget(p.name);
      }
      target = picker.target(pick);
      if (hedge && tried.contains(target)) {
        picker.done(pick, Outcome.IGNORED, startNanos);
        return new RejectedException.NoTarget(p.name);
      }
    }
    boolean admitted = false;
    try {
      RejectedException rejection = admitByBreakerAndLimit();
      admitted = rejection == null;
      return rejection;
    } finally {
      if (!admitted && picker != null) {
        picker.done(pick, Outcome.IGNORED, startNanos);
      }
    }
  }

  private RejectedException admitByBreakerAndLimit() {
    if (p.breaker != null) {
      admission = p.breaker.tryAcquire(startNanos);
      if (admission == CircuitBreaker.REFUSED) {
        return p.breaker.refusal();
      }
    }
    boolean admitted = p.limiter == null;
    try {
      if (p.limiter != null) {
        permit = p.limiter.tryAcquire(startNanos);
        admitted = permit > 0;
      }
      return admitted ? null : p.refusedBy(permit);
    } finally {
      if (!admitted && p.breaker != null) {
        p.breaker.ignore(admission);
      }
    }
  }

  /** Starts the work. Whatever that does, the result is a future. */
  @SuppressWarnings("unchecked") // Guard hands in work of these types only
  CompletableFuture<R> invoke(Object work) {
    try {
      CompletionStage<R> stage =
          work instanceof Guard.AsyncWork<?> plain
              ? ((Guard.AsyncWork<R>) plain).call(this)
              : ((Guard.AsyncTargetWork<T, R>) work).call(target, this);
      future =
          stage == null
              ? CompletableFuture.failedFuture(
                  new NullPointerException("the work of guard " + p.name + " returned no stage"))
              : stage.toCompletableFuture();
    } catch (Throwable thrown) {
      future = CompletableFuture.failedFuture(thrown);
    }
    return future;
  }

  /** Bounds the attempt; to be called before its stage is waited for. */
  void startTimer(Runnable onTimeout) {
    if (allowedNanos != Long.MAX_VALUE) {
      cancelTimer = p.timer.schedule(allowedNanos, onTimeout);
    }
  }

  /** True for the one who may say how the attempt has ended. */
  boolean trySettle() {
    return SETTLED.compareAndSet(this, false, true);
  }

  /** Tells breaker and picker; by the one who has settled it. */
  void report(Outcome outcome, long nowNanos) {
    cancelTimer.run();
    if (p.breaker != null) {
      p.breaker.settle(admission, outcome, nowNanos);
    }
    if (picker != null) {
      picker.done(pick, outcome, nowNanos);
    }
    p.attempted(outcome, nowNanos - startNanos);
  }

  /** The stage is complete: the permit is free. */
  void release(Outcome outcome, long nowNanos) {
    if (p.limiter != null) {
      p.limiter.release(permit, outcome, nowNanos);
    }
  }

  /** Nobody waits for it: says nothing about the callee, and stops it. */
  void abandon(long nowNanos) {
    if (trySettle()) {
      report(Outcome.IGNORED, nowNanos);
    }
    // Again, for a timer that was started while the attempt was being settled.
    cancelTimer.run();
    future.cancel(true);
  }

  @Override
  public int number() {
    return number;
  }

  @Override
  public boolean isHedge() {
    return hedge;
  }

  @Override
  public long remainingNanos() {
    return allowedNanos == Long.MAX_VALUE
        ? Long.MAX_VALUE
        : Math.max(0, allowedNanos - (p.clock.getAsLong() - startNanos));
  }

  @Override
  public Deadline deadline() {
    return Deadline.afterNanos(remainingNanos(), p.clock);
  }

  @Override
  public boolean isCancelled() {
    return settled;
  }
}
