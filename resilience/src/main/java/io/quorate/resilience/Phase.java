package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a circuit breaker is for one epoch. A transition replaces the whole phase, so a result of an
 * earlier epoch finds nothing to write to.
 */
abstract class Phase {
  static final int EPOCH_MASK = (1 << 17) - 1;

  final int epoch;
  /** Openings since the last stable close; decides how long the next one lasts. */
  final int streak;
  /** Openings in all, for statistics. */
  final long openings;

  Phase(int epoch, int streak, long openings) {
    this.epoch = epoch & EPOCH_MASK;
    this.streak = streak;
    this.openings = openings;
  }

  abstract CircuitBreaker.State state();

  static final class Closed extends Phase {
    final long sinceNanos;
    final Window failures;
    /** Null if slowness does not count. */
    final Window slows;

    Closed(
        int epoch, int streak, long openings, long sinceNanos, CircuitBreakerOptions options) {
      super(epoch, streak, openings);
      this.sinceNanos = sinceNanos;
      this.failures = window(options, sinceNanos);
      this.slows = options.slow().threshold().isZero() ? null : window(options, sinceNanos);
    }

    private static Window window(CircuitBreakerOptions options, long nowNanos) {
      return options.window().calls() > 0
          ? Window.ofCalls(options.window().calls())
          : new TimeWindow(options.window().time().toNanos(), nowNanos);
    }

    @Override
    CircuitBreaker.State state() {
      return CircuitBreaker.State.CLOSED;
    }
  }

  static final class Open extends Phase {
    /** Of so many refusals one reads the clock even if a timer is to tell when the time is over. */
    private static final int LOOK_EVERY = 64;

    final long sinceNanos;
    final long durationNanos;
    /** A timer has been set that will call {@link #endWatch}. */
    private volatile boolean watched;
    /** Racy on purpose: it only has to come around now and then. */
    private int refusals;

    Open(int epoch, int streak, long openings, long sinceNanos, long durationNanos) {
      super(epoch, streak, openings);
      this.sinceNanos = sinceNanos;
      this.durationNanos = durationNanos;
    }

    void watch(Timer timer) {
      watched = true;
      try {
        timer.schedule(durationNanos, this::endWatch);
      } catch (RuntimeException e) {
        // Nothing is lost but a little speed: refusals then look at the clock themselves.
        watched = false;
      }
    }

    private void endWatch() {
      watched = false;
    }

    /** Whether it is open without a look at the clock, which costs more than all the rest. */
    boolean isSurelyOpen() {
      return watched && ++refusals % LOOK_EVERY != 0;
    }

    /** The same opening on a clock that has stepped back: it lasts no longer than from now on. */
    Open restartedAt(long nowNanos) {
      return new Open(epoch, streak, openings, nowNanos, durationNanos);
    }

    @Override
    CircuitBreaker.State state() {
      return CircuitBreaker.State.OPEN;
    }
  }

  static final class HalfOpen extends Phase {
    final LeasedSlots probes;
    final AtomicInteger successes = new AtomicInteger();

    HalfOpen(int epoch, int streak, long openings, int probes) {
      super(epoch, streak, openings);
      this.probes = new LeasedSlots(probes);
    }

    @Override
    CircuitBreaker.State state() {
      return CircuitBreaker.State.HALF_OPEN;
    }
  }

  static final class Forced extends Phase {
    private final CircuitBreaker.State state;

    Forced(int epoch, long openings, CircuitBreaker.State state) {
      super(epoch, 0, openings);
      this.state = state;
    }

    @Override
    CircuitBreaker.State state() {
      return state;
    }
  }
}
