package io.quorate.resilience;

import java.time.Duration;

/** How long to wait before an attempt. Free of state; safe for use by many threads. */
@FunctionalInterface
public interface Backoff {
  /**
   * The wait in nanoseconds, at least 0.
   *
   * @param attempt the attempt to come; 2 for the first retry
   * @param unit chance, uniform in [0, 1)
   */
  long nanosBefore(int attempt, double unit);

  /**
   * Full jitter: uniform between nothing and a bound that begins at {@code base} and doubles with
   * each attempt up to {@code cap}. Callers that failed together do not come back together.
   *
   * @see <a href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">
   *     Exponential Backoff And Jitter</a>
   */
  static Backoff fullJitter(Duration base, Duration cap) {
    long baseNanos = Checks.positive("base", base);
    long capNanos = Checks.positive("cap", cap);
    if (capNanos < baseNanos) {
      throw new IllegalArgumentException("cap must be at least base, " + base + ", was " + cap);
    }
    return (attempt, unit) -> {
      int doublings = attempt - 2;
      // A shift that would reach the sign bit is past any cap.
      boolean far = doublings >= Long.numberOfLeadingZeros(baseNanos) - 1;
      long bound = far ? capNanos : Math.min(capNanos, baseNanos << doublings);
      return (long) (bound * unit);
    };
  }

  /** Always {@code delay}; for tests and for callers that are alone. */
  static Backoff fixed(Duration delay) {
    long nanos = Checks.notNegative("delay", delay);
    return (attempt, unit) -> nanos;
  }

  /** No wait at all: for retries that go to another replica. */
  static Backoff none() {
    return (attempt, unit) -> 0;
  }
}
