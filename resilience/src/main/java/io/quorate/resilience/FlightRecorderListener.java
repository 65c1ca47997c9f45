package io.quorate.resilience;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Turns what a listener is told into flight recorder events; costs nothing while not recording. */
final class FlightRecorderListener implements Listener {
  @Name("io.quorate.resilience.BreakerTransition")
  @Label("Circuit Breaker Transition")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class TransitionEvent extends Event {
    @Label("Breaker") String breaker;
    @Label("From") String from;
    @Label("To") String to;
  }

  @Name("io.quorate.resilience.Rejection")
  @Label("Rejected Call")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class RejectionEvent extends Event {
    @Label("Guard") String guard;
    @Label("Reason") String reason;
  }

  @Name("io.quorate.resilience.Attempt")
  @Label("Attempt")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class AttemptEvent extends Event {
    @Label("Guard") String guard;
    @Label("Outcome") String outcome;

    @Label("Latency")
    @Timespan(Timespan.NANOSECONDS)
    long latency;
  }

  @Name("io.quorate.resilience.Retry")
  @Label("Retry")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class RetryEvent extends Event {
    @Label("Guard") String guard;
    @Label("Attempt") int attempt;

    @Label("Delay")
    @Timespan(Timespan.NANOSECONDS)
    long delay;
  }

  @Name("io.quorate.resilience.Hedge")
  @Label("Hedge")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class HedgeEvent extends Event {
    @Label("Guard") String guard;
    @Label("Attempt") int attempt;
  }

  @Name("io.quorate.resilience.Fallback")
  @Label("Fallback")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class FallbackEvent extends Event {
    @Label("Guard") String guard;
    @Label("Failure") String failure;
  }

  @Override
  public void onTransition(
      String breaker, CircuitBreaker.State from, CircuitBreaker.State to, long nowNanos) {
    TransitionEvent event = new TransitionEvent();
    if (event.isEnabled()) {
      event.breaker = breaker;
      event.from = from.name();
      event.to = to.name();
      event.commit();
    }
  }

  @Override
  public void onRejected(String guard, RejectedException rejection) {
    RejectionEvent event = new RejectionEvent();
    if (event.isEnabled()) {
      event.guard = guard;
      event.reason = rejection.getClass().getSimpleName();
      event.commit();
    }
  }

  @Override
  public void onAttempt(String guard, Outcome outcome, long latencyNanos) {
    AttemptEvent event = new AttemptEvent();
    if (event.isEnabled()) {
      event.guard = guard;
      event.outcome = outcome.name();
      event.latency = latencyNanos;
      event.commit();
    }
  }

  @Override
  public void onRetry(String guard, int attempt, long delayNanos) {
    RetryEvent event = new RetryEvent();
    if (event.isEnabled()) {
      event.guard = guard;
      event.attempt = attempt;
      event.delay = delayNanos;
      event.commit();
    }
  }

  @Override
  public void onHedge(String guard, int attempt) {
    HedgeEvent event = new HedgeEvent();
    if (event.isEnabled()) {
      event.guard = guard;
      event.attempt = attempt;
      event.commit();
    }
  }

  @Override
  public void onFallback(String guard, Throwable failure) {
    FallbackEvent event = new FallbackEvent();
    if (event.isEnabled()) {
      event.guard = guard;
      event.failure = failure.getClass().getName();
      event.commit();
    }
  }
}
