package io.quorate.resilience;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Circuit breakers on a virtual clock, and what becomes of them. */
final class Breakers {
  static final long SECOND = 1_000_000_000L;
  static final long MILLI = 1_000_000L;

  /** The last 10 calls, at least 4 of them, half failed; open for exactly 1 s; 2 probes. */
  static final CircuitBreakerOptions SMALL =
      CircuitBreakerOptions.defaults()
          .withCountWindow(10, 4)
          .withOpen(Duration.ofSeconds(1), Duration.ofSeconds(30), 0)
          .withProbes(2, Duration.ofSeconds(5));

  /** Notes transitions as {@code CLOSED->OPEN}. */
  static final class Transitions implements Listener {
    final List<String> seen = new ArrayList<>();

    @Override
    public void onTransition(
        String breaker, CircuitBreaker.State from, CircuitBreaker.State to, long nowNanos) {
      seen.add(from + "->" + to);
    }
  }

  private Breakers() {}

  static CircuitBreaker small(VirtualTime time) {
    return CircuitBreaker.create("small", SMALL, time, 7, Listener.none());
  }

  static CircuitBreaker of(CircuitBreakerOptions options, VirtualTime time) {
    return CircuitBreaker.create("test", options, time, 7, Listener.none());
  }

  static void fail(CircuitBreaker breaker, int calls) {
    for (int i = 0; i < calls; i++) {
      breaker.failure(breaker.tryAcquire());
    }
  }

  static void succeed(CircuitBreaker breaker, int calls) {
    for (int i = 0; i < calls; i++) {
      breaker.success(breaker.tryAcquire());
    }
  }

  /** Opens it, and waits until it would take probes. */
  static void halfOpen(CircuitBreaker breaker, VirtualTime time) {
    while (breaker.state() != CircuitBreaker.State.OPEN) {
      breaker.failure(breaker.tryAcquire());
    }
    while (breaker.state() == CircuitBreaker.State.OPEN) {
      time.advance(100 * MILLI);
    }
  }
}
