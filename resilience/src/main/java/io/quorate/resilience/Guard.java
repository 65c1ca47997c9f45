package io.quorate.resilience;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Protects calls of one service: the parts of this package, composed in the order that works.
 *
 * <pre>{@code
 * Guard guard =
 *     Guard.named("r").deadline(ofMillis(80)).retry(Retry.idempotent(3)).breaker().build();
 * Prediction p = guard.call(() -> client.predict(x));
 * CompletionStage<Prediction> f = guard.callAsync(attempt -> client.predictAsync(x));
 * }</pre>
 *
 * <p>From the outside in: <b>fallback, deadline, retry and hedge, pick, breaker, limit, attempt
 * timeout</b>. So the deadline covers all attempts and the waits between them; each attempt picks a
 * target of its own, counts for the breaker, and holds a permit only while it is out; refusals by
 * breaker and limit end the call at once. Whoever needs another order nests guards by {@link
 * #around}.
 *
 * <p>Immutable; safe for use by many threads. Synchronous calls run on the caller's thread, are
 * bounded by interrupting it, and cannot be hedged. Asynchronous calls run their first attempt on
 * the caller's thread, retries and hedges on the thread of the timer or of the attempt that failed,
 * and complete on the thread that completed the attempt or, when time is up, on the timer's. What
 * the work throws is what the caller catches.
 */
public final class Guard {
  /** Work without a target. */
  @FunctionalInterface
  public interface Work<R, X extends Exception> {
    R call() throws X;
  }

  /** Work that looks at its attempt: time that remains, number, whether it is cancelled. */
  @FunctionalInterface
  public interface AttemptWork<R, X extends Exception> {
    R call(Attempt attempt) throws X;
  }

  /** Work at a target. */
  @FunctionalInterface
  public interface TargetWork<T, R, X extends Exception> {
    R call(T target) throws X;
  }

  /** Work at a target that looks at its attempt. */
  @FunctionalInterface
  public interface TargetAttemptWork<T, R, X extends Exception> {
    R call(T target, Attempt attempt) throws X;
  }

  /** Asynchronous work. Stages that nobody waits for any more are cancelled. */
  @FunctionalInterface
  public interface AsyncWork<R> {
    CompletionStage<R> call(Attempt attempt);
  }

  /** Asynchronous work at a target. */
  @FunctionalInterface
  public interface AsyncTargetWork<T, R> {
    CompletionStage<R> call(T target, Attempt attempt);
  }

  /**
   * A guard so far.
   *
   * @param calls made, one for each however many attempts it took
   * @param failures calls that have failed, refusals apart
   * @param rejections refusals, by whichever part
   * @param retries attempts after a failed one
   * @param hedges attempts beside one that was still out
   * @param timeouts attempts whose time was up
   * @param fallbacks calls answered by, or at least passed to, a fallback
   */
  public record Stats(
      long calls,
      long failures,
      long rejections,
      long retries,
      long hedges,
      long timeouts,
      long fallbacks) {}

  private final Pipeline pipeline;
  private final Deadline within;
  /** Null if this guard is not around another. */
  private final Guard inner;

  private Guard(Pipeline pipeline, Deadline within, Guard inner) {
    this.pipeline = pipeline;
    this.within = within;
    this.inner = inner;
  }

  /** Begins a guard called {@code name}; without further parts it only counts. */
  public static Builder named(String name) {
    return new Builder(name);
  }

  public <R, X extends Exception> R call(Work<R, X> work) throws X {
    return run(null, work);
  }

  public <R, X extends Exception> R call(AttemptWork<R, X> work) throws X {
    return run(null, work);
  }

  /** Calls a target of {@code picker}; further attempts go to other targets while there are any. */
  public <T, R, X extends Exception> R call(Picker<T> picker, TargetWork<T, R, X> work) throws X {
    return run(Objects.requireNonNull(picker, "picker"), work);
  }

  /** Like {@link #call(Picker, TargetWork)}, for work that looks at its attempt. */
  public <T, R, X extends Exception> R call(Picker<T> picker, TargetAttemptWork<T, R, X> work)
      throws X {
    return run(Objects.requireNonNull(picker, "picker"), work);
  }

  /**
   * Asks {@code fallback} if all else has failed. Not asked about {@code Error}s, interruption and
   * cancellation.
   */
  public <R, X extends Exception> R call(Work<R, X> work, Fallback<R> fallback) throws X {
    return recovering(null, work, fallback);
  }

  /** Like {@link #call(Work, Fallback)}, at a target of {@code picker}. */
  public <T, R, X extends Exception> R call(
      Picker<T> picker, TargetWork<T, R, X> work, Fallback<R> fallback) throws X {
    return recovering(Objects.requireNonNull(picker, "picker"), work, fallback);
  }

  /**
   * The future of the work's stage. It never throws; refusals fail it. Cancelling it cancels the
   * attempts that are out and the timers, and says nothing against the callee.
   */
  public <R> CompletableFuture<R> callAsync(AsyncWork<R> work) {
    return runAsync(null, work, null);
  }

  /** Like {@link #callAsync(AsyncWork)}, at a target of {@code picker}. */
  public <T, R> CompletableFuture<R> callAsync(Picker<T> picker, AsyncTargetWork<T, R> work) {
    return runAsync(Objects.requireNonNull(picker, "picker"), work, null);
  }

  /** Asks {@code fallback} if all else has failed, cancellation apart. */
  public <R> CompletableFuture<R> callAsync(AsyncWork<R> work, Fallback<R> fallback) {
    return runAsync(null, work, Objects.requireNonNull(fallback, "fallback"));
  }

  /** Like {@link #callAsync(AsyncWork, Fallback)}, at a target of {@code picker}. */
  public <T, R> CompletableFuture<R> callAsync(
      Picker<T> picker, AsyncTargetWork<T, R> work, Fallback<R> fallback) {
    return runAsync(
        Objects.requireNonNull(picker, "picker"),
        work,
        Objects.requireNonNull(fallback, "fallback"));
  }

  /**
   * This guard for calls that must also end by {@code deadline}: one that has come with a request.
   */
  public Guard within(Deadline deadline) {
    return deadline == Deadline.none()
        ? this
        : new Guard(pipeline, within.earlier(deadline), inner);
  }

  /**
   * This guard outside of {@code inner}: every attempt that this one makes is a call of that one.
   * For an order of one's own, give each guard one part and nest them.
   */
  public Guard around(Guard inner) {
    Objects.requireNonNull(inner, "inner");
    return new Guard(pipeline, within, this.inner == null ? inner : this.inner.around(inner));
  }

  public String name() {
    return pipeline.name;
  }

  public Stats stats() {
    return new Stats(
        pipeline.calls.sum(),
        pipeline.failures.sum(),
        pipeline.rejections.sum(),
        pipeline.retries.sum(),
        pipeline.hedges.sum(),
        pipeline.timeouts.sum(),
        pipeline.fallbacks.sum());
  }

  private <T, R> R run(Picker<T> picker, Object work) {
    if (pipeline.hedge != null) {
      throw new UnsupportedOperationException(
          "guard " + pipeline.name + " hedges, which takes callAsync");
    }
    Objects.requireNonNull(work, "work");
    if (pipeline.breaker != null && pipeline.breaker.isSurelyOpen()) {
      // Thrown here, where it can be inlined: unwinding costs more than everything else in it.
      pipeline.calls.increment();
      throw pipeline.rejected(pipeline.breaker.refusal());
    }
    if (inner == null) {
      return SyncCall.run(pipeline, within, picker, work);
    }
    AttemptWork<R, RuntimeException> nested =
        attempt -> inner.within(attempt.deadline()).run(picker, work);
    return SyncCall.run(pipeline, within, null, nested);
  }

  private <T, R> R recovering(Picker<T> picker, Object work, Fallback<R> fallback) {
    Objects.requireNonNull(fallback, "fallback");
    try {
      return run(picker, work);
    } catch (Exception failure) {
      if (isNobodyWaiting(failure)) {
        throw failure;
      }
      pipeline.fallbacks.increment();
      pipeline.listener.onFallback(pipeline.name, failure);
      try {
        return fallback.recover(failure);
      } catch (Exception e) {
        Failures.keep(e, failure);
        throw Failures.<RuntimeException>sneak(e);
      }
    }
  }

  /** The caller has given up: an answer would find nobody. */
  static boolean isNobodyWaiting(Throwable failure) {
    return failure instanceof InterruptedException || failure instanceof CancellationException;
  }

  private <T, R> CompletableFuture<R> runAsync(
      Picker<T> picker, Object work, Fallback<R> fallback) {
    Objects.requireNonNull(work, "work");
    if (inner == null) {
      return AsyncCall.start(pipeline, within, picker, work, fallback);
    }
    AsyncWork<R> nested = attempt -> inner.within(attempt.deadline()).runAsync(picker, work, null);
    return AsyncCall.start(pipeline, within, null, nested, fallback);
  }

  /** The parts of a guard. What is not named is not there. Not safe for use by many threads. */
  public static final class Builder {
    final String name;
    final List<Limiter> limiters = new ArrayList<>();
    long deadlineNanos;
    long timeoutNanos;
    Retry retry;
    RetryBudget budget;
    Hedge hedge;
    Outcome.Classifier classifier;
    Supplier<Executor> context;
    Listener listener = Listener.none();
    LongSupplier clock = RealTime.clock();
    Timer timer = RealTime.timer();
    long seed = RealTime.seed();

    private CircuitBreaker breaker;
    private CircuitBreakerOptions breakerOptions;

    private Builder(String name) {
      this.name = Checks.name(name);
    }

    /** The whole call, retries and waits included, takes no longer. */
    public Builder deadline(Duration deadline) {
      deadlineNanos = Checks.positive("deadline", deadline);
      return this;
    }

    /** One attempt takes no longer; what takes longer is cancelled and counts as failed. */
    public Builder timeout(Duration timeout) {
      timeoutNanos = Checks.positive("timeout", timeout);
      return this;
    }

    /** Tries again, within a budget of its own: {@link RetryBudget#defaults}. */
    public Builder retry(Retry retry) {
      this.retry = Objects.requireNonNull(retry, "retry");
      return this;
    }

    /** The budget of the retries; share it among the guards of one service. */
    public Builder budget(RetryBudget budget) {
      this.budget = Objects.requireNonNull(budget, "budget");
      return this;
    }

    /** Sends a second attempt when the first takes unusually long. Asynchronous calls only. */
    public Builder hedge(Hedge hedge) {
      this.hedge = Objects.requireNonNull(hedge, "hedge");
      return this;
    }

    /** A circuit breaker of this guard's own, with default options. */
    public Builder breaker() {
      return breaker(CircuitBreakerOptions.defaults());
    }

    /** A circuit breaker of this guard's own. */
    public Builder breaker(CircuitBreakerOptions options) {
      this.breakerOptions = Objects.requireNonNull(options, "options");
      this.breaker = null;
      return this;
    }

    /** A circuit breaker that others may use as well; it must be on this guard's clock. */
    public Builder breaker(CircuitBreaker breaker) {
      this.breaker = Objects.requireNonNull(breaker, "breaker");
      this.breakerOptions = null;
      return this;
    }

    /**
     * A limit. May be given several times; all must agree. At most one may be a limit on
     * concurrency ({@link Bulkhead}, {@link AdaptiveLimit} or one of your own).
     */
    public Builder limit(Limiter limiter) {
      limiters.add(Objects.requireNonNull(limiter, "limiter"));
      return this;
    }

    /** What counts as failed; {@link Outcome.Classifier#standard} if not given. */
    public Builder classify(Outcome.Classifier classifier) {
      this.classifier = Objects.requireNonNull(classifier, "classifier");
      return this;
    }

    /** Is told of what happens. */
    public Builder listener(Listener listener) {
      this.listener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Carries the caller's context (logging, tracing, security) to retries, hedges and fallbacks
     * that run on other threads: captured once for each asynchronous call, on the caller's thread.
     *
     * @param context returns what runs a task within the captured context, on the thread it is
     *     given it on, before it returns
     */
    public Builder context(Supplier<Executor> context) {
      this.context = Objects.requireNonNull(context, "context");
      return this;
    }

    /** Another clock and timer than the machine's. */
    public Builder time(LongSupplier clock, Timer timer) {
      this.clock = Objects.requireNonNull(clock, "clock");
      this.timer = Objects.requireNonNull(timer, "timer");
      return this;
    }

    /** Makes chance (jitter) come out the same each time. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    public Guard build() {
      if (budget != null && retry == null) {
        throw new IllegalArgumentException("guard " + name + " has a budget but no retry");
      }
      return new Guard(new Pipeline(this), Deadline.none(), null);
    }

    CircuitBreaker builtBreaker() {
      return breakerOptions == null
          ? breaker
          : new CircuitBreaker(name, breakerOptions, clock, timer, seed, listener);
    }
  }
}
