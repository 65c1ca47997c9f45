package io.quorate.resilience;

import java.util.List;

/**
 * Is told what happens, in primitives and objects that exist anyway: nothing is allocated for it.
 *
 * <p>Called on the thread on which the thing happened, an event loop or the timer among them: must
 * be quick and must not block. What it throws is logged and goes no further.
 */
public interface Listener {
  /** A circuit breaker has changed its state. Once for each change. */
  default void onTransition(
      String breaker, CircuitBreaker.State from, CircuitBreaker.State to, long nowNanos) {}

  /** A call was refused before it was sent. */
  default void onRejected(String guard, RejectedException rejection) {}

  /** An attempt has ended, after {@code latencyNanos}. */
  default void onAttempt(String guard, Outcome outcome, long latencyNanos) {}

  /** Another attempt follows in {@code delayNanos}; {@code attempt} is its number, 2 or more. */
  default void onRetry(String guard, int attempt, long delayNanos) {}

  /** A hedge is sent: attempt {@code attempt} while earlier ones are still out. */
  default void onHedge(String guard, int attempt) {}

  /** A call has failed and its fallback is asked. */
  default void onFallback(String guard, Throwable failure) {}

  /** Ignores everything. */
  static Listener none() {
    return ContainedListener.NONE;
  }

  /** Writes Java Flight Recorder events, category {@code Quorate}; needs the module jdk.jfr. */
  static Listener flightRecorder() {
    return new FlightRecorderListener();
  }

  /** Tells each of {@code listeners}, in order. */
  static Listener all(Listener... listeners) {
    return new ContainedListener(List.of(listeners));
  }
}
