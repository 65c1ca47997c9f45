package io.quorate.resilience;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes everything on to several listeners, and lets nothing they throw get out. */
final class ContainedListener implements Listener {
  static final Listener NONE = new Listener() {};

  private static final Logger log = LoggerFactory.getLogger(Listener.class);

  private final Listener[] listeners;

  ContainedListener(List<Listener> listeners) {
    this.listeners = listeners.toArray(Listener[]::new);
  }

  static Listener of(Listener listener) {
    return listener == NONE || listener instanceof ContainedListener
        ? listener
        : new ContainedListener(List.of(listener));
  }

  @Override
  public void onTransition(
      String breaker, CircuitBreaker.State from, CircuitBreaker.State to, long nowNanos) {
    for (Listener listener : listeners) {
      try {
        listener.onTransition(breaker, from, to, nowNanos);
      } catch (RuntimeException | Error e) {
        report("onTransition", e);
      }
    }
  }

  @Override
  public void onRejected(String guard, RejectedException rejection) {
    for (Listener listener : listeners) {
      try {
        listener.onRejected(guard, rejection);
      } catch (RuntimeException | Error e) {
        report("onRejected", e);
      }
    }
  }

  @Override
  public void onAttempt(String guard, Outcome outcome, long latencyNanos) {
    for (Listener listener : listeners) {
      try {
        listener.onAttempt(guard, outcome, latencyNanos);
      } catch (RuntimeException | Error e) {
        report("onAttempt", e);
      }
    }
  }

  @Override
  public void onRetry(String guard, int attempt, long delayNanos) {
    for (Listener listener : listeners) {
      try {
        listener.onRetry(guard, attempt, delayNanos);
      } catch (RuntimeException | Error e) {
        report("onRetry", e);
      }
    }
  }

  @Override
  public void onHedge(String guard, int attempt) {
    for (Listener listener : listeners) {
      try {
        listener.onHedge(guard, attempt);
      } catch (RuntimeException | Error e) {
        report("onHedge", e);
      }
    }
  }

  @Override
  public void onFallback(String guard, Throwable failure) {
    for (Listener listener : listeners) {
      try {
        listener.onFallback(guard, failure);
      } catch (RuntimeException | Error e) {
        report("onFallback", e);
      }
    }
  }

  /** A listener only watches: the call it watches goes on whatever becomes of the listener. */
  private static void report(String event, Throwable thrown) {
    log.warn("listener failed event={}", event, thrown);
  }
}
