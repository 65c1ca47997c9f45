package io.quorate.resilience;

import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Whether, when and how often to try again. A value; {@link Guard} carries it out.
 *
 * <p>Never retried, whatever is set here: refusals ({@link RejectedException}), cancellation,
 * interruption, what a guard further in has given up after retries of its own, and anything beyond
 * the deadline or the budget.
 *
 * @param maxAttempts attempts in all, the first included; 1 to 10,000,000
 * @param idempotent whether the call may take effect twice without harm; if not, only failures that
 *     cannot have taken effect are retried
 * @param mayHaveTakenEffect whether a failed attempt may have changed something all the same
 * @param backoff the wait before each further attempt
 * @param retryAfter what the callee asks for, read from a failure; it replaces the back-off
 * @param retryAfterCap the longest wait that a callee may ask for; more is cut to this
 */
public record Retry(
    int maxAttempts,
    boolean idempotent,
    Predicate<Throwable> mayHaveTakenEffect,
    Backoff backoff,
    Function<Throwable, OptionalLong> retryAfter,
    Duration retryAfterCap) {
  public Retry {
    Checks.range("maxAttempts", maxAttempts, 1, 10_000_000);
    Objects.requireNonNull(mayHaveTakenEffect, "mayHaveTakenEffect");
    Objects.requireNonNull(backoff, "backoff");
    Objects.requireNonNull(retryAfter, "retryAfter");
    Checks.positive("retryAfterCap", retryAfterCap);
  }

  /** For calls that may be made twice: any failure is retried. */
  public static Retry idempotent(int maxAttempts) {
    return of(maxAttempts, true);
  }

  /**
   * For calls that must not take effect twice: only what was not sent is retried. The JDK's refused
   * connections are known; say about your own failures by {@link #withMayHaveTakenEffect}.
   */
  public static Retry ifNotSent(int maxAttempts) {
    return of(maxAttempts, false);
  }

  private static Retry of(int maxAttempts, boolean idempotent) {
    return new Retry(
        maxAttempts,
        idempotent,
        Retry::mayHaveBeenSent,
        Backoff.fullJitter(Duration.ofMillis(5), Duration.ofSeconds(1)),
        failure -> OptionalLong.empty(),
        Duration.ofSeconds(10));
  }

  public Retry withBackoff(Backoff backoff) {
    return new Retry(
        maxAttempts, idempotent, mayHaveTakenEffect, backoff, retryAfter, retryAfterCap);
  }

  /**
   * Failures of {@code type} know whether they may have taken effect; others are judged as before.
   * Fits {@code (OperationException.class, OperationException::mayHaveTakenEffect)}.
   */
  public <X extends Throwable> Retry withMayHaveTakenEffect(Class<X> type, Predicate<X> knows) {
    Predicate<Throwable> before = mayHaveTakenEffect;
    return new Retry(
        maxAttempts,
        idempotent,
        failure ->
            type.isInstance(failure) ? knows.test(type.cast(failure)) : before.test(failure),
        backoff,
        retryAfter,
        retryAfterCap);
  }

  /**
   * Reads from a failure in how many nanoseconds the callee wants to be asked again.
   *
   * @param cap the longest wait granted
   */
  public Retry withRetryAfter(Function<Throwable, OptionalLong> retryAfter, Duration cap) {
    return new Retry(maxAttempts, idempotent, mayHaveTakenEffect, backoff, retryAfter, cap);
  }

  /**
   * The wait before attempt {@code attempt}, which follows {@code failure} (null: a bad result).
   */
  long delayNanos(int attempt, Throwable failure, double unit) {
    if (failure != null) {
      OptionalLong asked = retryAfter.apply(failure);
      if (asked.isPresent()) {
        return Math.max(0, Math.min(asked.getAsLong(), retryAfterCap.toNanos()));
      }
    }
    return Math.max(0, backoff.nanosBefore(attempt, unit));
  }

  private static boolean mayHaveBeenSent(Throwable failure) {
    return !(failure instanceof java.net.ConnectException
        || failure instanceof java.net.NoRouteToHostException
        || failure instanceof java.net.UnknownHostException);
  }
}
