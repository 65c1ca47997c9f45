package io.quorate.examples.serving;

import io.quorate.resilience.CircuitBreaker;
import io.quorate.resilience.CircuitBreakerOptions;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Lets a share of the users try a new version: always the same users, by a hash. A breaker watches;
 * when it opens, the new version is out for good. A user whose try fails is answered by the old one.
 */
final class Canary {
  private static final int PARTS = 10_000;

  private final double share;
  private final String candidate;
  private final CircuitBreaker breaker;
  private final AtomicLong tried = new AtomicLong();

  /**
   * A canary.
   *
   * @param candidate names the new version: each gets other users
   * @param share of the users, 0 to 1
   */
  Canary(String candidate, double share) {
    this.candidate = candidate;
    this.share = share;
    this.breaker =
        CircuitBreaker.create(
            candidate,
            CircuitBreakerOptions.defaults().withCountWindow(100, 30).withFailurePercent(10));
  }

  /** Whether {@code user} is one of those who try it. */
  boolean isChosen(String user) {
    // A string's own hash is too regular for users with running numbers.
    long mixed = (candidate + user).hashCode() * 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ mixed >>> 32) * 0xd6e8feb86659fd93L;
    return Long.remainderUnsigned(mixed ^ mixed >>> 32, PARTS) < share * PARTS;
  }

  /** Answers {@code user}, who never notices a bad candidate. */
  <R> R answer(String user, Function<String, R> stable, Function<String, R> next) {
    long token = isChosen(user) ? breaker.tryAcquire() : CircuitBreaker.REFUSED;
    if (token == CircuitBreaker.REFUSED) {
      return stable.apply(user);
    }
    tried.incrementAndGet();
    try {
      R answer = next.apply(user);
      breaker.success(token);
      return answer;
    } catch (RuntimeException e) {
      breaker.failure(token);
      return stable.apply(user);
    } finally {
      // A success opens it too, if it completes a window of too many failures.
      if (breaker.state() == CircuitBreaker.State.OPEN) {
        breaker.forceOpen();
      }
    }
  }

  /** Whether the candidate has been taken out. */
  boolean isRolledBack() {
    return breaker.state() == CircuitBreaker.State.FORCED_OPEN;
  }

  /** Requests that reached the candidate. */
  long tried() {
    return tried.get();
  }
}
