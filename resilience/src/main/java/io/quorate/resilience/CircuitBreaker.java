package io.quorate.resilience;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Stops calls to what keeps failing, and lets a few through from time to time to see whether it has
 * recovered. Safe for use by many threads; lock free; calls allocate nothing.
 *
 * <p>An admission is a token, {@code [start 42 | probe 4 | epoch 17 | 1]}. Each token should be
 * settled once, by {@link #success}, {@link #failure} or {@link #ignore}:
 *
 * <ul>
 *   <li>Each transition begins an epoch; a token of another epoch does nothing. What was sent
 *       before the circuit opened neither closes it nor opens it again.
 *   <li>When half-open, at most {@code probes} calls are out. A probe that never reports loses its
 *       place when its lease ends, and from then on its token does nothing. Settling it twice does
 *       nothing the second time. All probes must succeed before the circuit closes; one that fails,
 *       or is slow, opens it again, for longer.
 *   <li>When closed, a window of results decides. A good result in a window of good results writes
 *       nothing, so healthy threads do not slow each other down. (Tokens of plain closed calls are
 *       alike, so here a failure reported twice is counted twice; {@link Guard} reports once.)
 * </ul>
 *
 * @see <a href="https://martinfowler.com/bliki/CircuitBreaker.html">Circuit Breaker</a>
 */
public final class CircuitBreaker {
  /** The token that says: refused. */
  public static final long REFUSED = 0;

  /** Where a circuit breaker stands. */
  public enum State {
    /** Calls go through and are watched. */
    CLOSED,
    /** Calls are refused. */
    OPEN,
    /** A few calls go through as probes. */
    HALF_OPEN,
    /** Calls are refused until somebody says otherwise. */
    FORCED_OPEN,
    /** Calls go through, whatever becomes of them, until somebody says otherwise. */
    FORCED_CLOSED
  }

  /**
   * A breaker at one moment.
   *
   * @param calls calls in the window; 0 unless closed
   * @param failures of these, the failed ones
   * @param slowCalls of these, the slow ones; 0 if slowness does not count
   * @param openings how often it has opened
   * @param rejected calls refused in all
   */
  public record Stats(
      State state, int calls, int failures, int slowCalls, long openings, long rejected) {}

  private static final int TICK_SHIFT = 22;
  private static final int PROBE_SHIFT = 18;
  private static final VarHandle PHASE;

  static {
    try {
      PHASE = MethodHandles.lookup().findVarHandle(CircuitBreaker.class, "phase", Phase.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String name;
  private final CircuitBreakerOptions options;
  private final LongSupplier clock;
  private final long seed;
  private final Listener listener;
  /** Null: refusals read the clock to see whether the open time is over. */
  private final Timer timer;
  private final LongAdder rejected = new LongAdder();
  /** Zero if slowness does not count. */
  private final long slowTicks;
  private final boolean timed;

  private volatile Phase phase;

  CircuitBreaker(
      String name,
      CircuitBreakerOptions options,
      LongSupplier clock,
      Timer timer,
      long seed,
      Listener listener) {
    this.name = Checks.name(name);
    this.options = Objects.requireNonNull(options, "options");
    this.clock = Objects.requireNonNull(clock, "clock");
    this.timer = timer;
    this.seed = seed;
    this.listener = ContainedListener.of(Objects.requireNonNull(listener, "listener"));
    boolean slowCounts = !options.slow().threshold().isZero();
    this.slowTicks = slowCounts ? Math.max(1, options.slow().threshold().toNanos() >>> 10) : 0;
    this.timed = slowCounts || options.window().calls() == 0;
    this.phase = new Phase.Closed(0, 0, 0, clock.getAsLong(), options);
  }

  /** A breaker on the machine's clock. */
  public static CircuitBreaker create(String name, CircuitBreakerOptions options) {
    return new CircuitBreaker(
        name, options, RealTime.clock(), RealTime.timer(), RealTime.seed(), Listener.none());
  }

  /**
   * A breaker on any clock.
   *
   * @param clock monotonic nanoseconds; should it step back all the same, nothing gets stuck
   * @param seed decides the jitter of the open times
   */
  public static CircuitBreaker create(
      String name,
      CircuitBreakerOptions options,
      LongSupplier clock,
      long seed,
      Listener listener) {
    return new CircuitBreaker(name, options, clock, null, seed, listener);
  }

  public String name() {
    return name;
  }

  /** Asks for admission; the token, or {@link #REFUSED}. */
  public long tryAcquire() {
    Phase now = phase;
    if (now instanceof Phase.Closed closed && !timed) {
      return token(closed, 0, 0);
    }
    return isSurelyOpen(now) ? REFUSED : tryAcquire(clock.getAsLong());
  }

  /** Like {@link #tryAcquire()}, by a reading of this breaker's clock that the caller has taken. */
  public long tryAcquire(long nowNanos) {
    return phase instanceof Phase.Closed closed
        ? token(closed, 0, timed ? Ticks.of(nowNanos) : 0)
        : tryAcquireUnlessClosed(nowNanos);
  }

  /** Like {@link #tryAcquire()}, but throws. */
  public long acquire() {
    long token = tryAcquire();
    if (token == REFUSED) {
      throw refusal();
    }
    return token;
  }

  /** The call behind {@code token} has succeeded; how long it took is seen from the token. */
  public void success(long token) {
    settle(token, false, timed ? clock.getAsLong() : 0);
  }

  /** The call behind {@code token} has failed. */
  public void failure(long token) {
    settle(token, true, clock.getAsLong());
  }

  /** The call behind {@code token} says nothing about the callee: frees its place, no more. */
  public void ignore(long token) {
    Phase now = phase;
    if (now instanceof Phase.HalfOpen halfOpen && isOf(now, token)) {
      halfOpen.probes.release(holding(token));
    }
  }

  /** Settles {@code token} by a reading of this breaker's clock that the caller has taken. */
  public void settle(long token, Outcome outcome, long nowNanos) {
    if (outcome == Outcome.IGNORED) {
      ignore(token);
    } else {
      settle(token, outcome == Outcome.FAILURE, nowNanos);
    }
  }

  /** Where it stands by the clock: {@code HALF_OPEN} once the open time is over, called or not. */
  public State state() {
    Phase now = phase;
    return now instanceof Phase.Open open && remainingNanos(open, clock.getAsLong()) == 0
        ? State.HALF_OPEN
        : now.state();
  }

  /** Refuses all calls until {@link #reset}. */
  public void forceOpen() {
    force(State.FORCED_OPEN);
  }

  /** Lets all calls through, and counts none, until {@link #reset}. */
  public void forceClosed() {
    force(State.FORCED_CLOSED);
  }

  /** Closes, with an empty window, and decides for itself again. */
  public void reset() {
    long nowNanos = clock.getAsLong();
    Phase before;
    do {
      before = phase;
    } while (!transition(
        before,
        new Phase.Closed(before.epoch + 1, 0, before.openings, nowNanos, options),
        nowNanos));
  }

  public Stats stats() {
    Phase now = phase;
    State state = state();
    if (now instanceof Phase.Closed closed) {
      long nowNanos = clock.getAsLong();
      long failures = closed.failures.reading(nowNanos);
      int slows = closed.slows == null ? 0 : Window.bad(closed.slows.reading(nowNanos));
      return new Stats(
          state, Window.total(failures), Window.bad(failures), slows, now.openings, rejected.sum());
    }
    return new Stats(state, 0, 0, 0, now.openings, rejected.sum());
  }

  @Override
  public String toString() {
    return name + " " + state();
  }

  /** Whether calls on the closed circuit need to know the time. */
  boolean timed() {
    return timed;
  }

  /** Whether it is open, as far as can be said without looking at the clock. */
  boolean isSurelyOpen() {
    return isSurelyOpen(phase);
  }

  private static boolean isSurelyOpen(Phase phase) {
    return phase instanceof Phase.Open open && open.isSurelyOpen();
  }

  /** How long it will still be open; 0 if it is not, or nobody knows. */
  long openForNanos() {
    return phase instanceof Phase.Open open ? remainingNanos(open, clock.getAsLong()) : 0;
  }

  RejectedException refusal() {
    rejected.increment();
    return new RejectedException.CircuitOpen(this);
  }

  private long tryAcquireUnlessClosed(long nowNanos) {
    while (true) {
      Phase now = phase;
      if (now instanceof Phase.Open open) {
        if (remainingNanos(open, nowNanos) > 0) {
          return REFUSED;
        }
        int probes = options.probes();
        transition(
            open,
            new Phase.HalfOpen(open.epoch + 1, open.streak, open.openings, probes),
            nowNanos);
      } else if (now instanceof Phase.HalfOpen halfOpen) {
        long holding =
            halfOpen.probes.take(
                options.probes() - halfOpen.successes.get(),
                Ticks.of(nowNanos),
                options.probeLease().toNanos() >>> 10);
        return holding == LeasedSlots.NONE
            ? REFUSED
            : token(now, LeasedSlots.slot(holding), LeasedSlots.tick(holding));
      } else if (now instanceof Phase.Forced forced) {
        return forced.state() == State.FORCED_OPEN ? REFUSED : token(now, 0, 0);
      } else {
        return token(now, 0, timed ? Ticks.of(nowNanos) : 0);
      }
    }
  }

  private void settle(long token, boolean failed, long nowNanos) {
    Phase now = phase;
    if (!isOf(now, token)) {
      return;
    }
    if (now instanceof Phase.Closed closed) {
      long failures = closed.failures.record(failed, nowNanos);
      boolean opens = isReached(failures, options.failurePercent());
      if (closed.slows != null) {
        long slows = closed.slows.record(isSlow(token, nowNanos), nowNanos);
        opens |= isReached(slows, options.slow().percent());
      }
      if (opens) {
        open(closed, clock.getAsLong());
      }
    } else if (now instanceof Phase.HalfOpen halfOpen
        && halfOpen.probes.release(holding(token))) {
      settleProbe(halfOpen, failed || slowTicks > 0 && isSlow(token, nowNanos));
    }
  }

  private void settleProbe(Phase.HalfOpen halfOpen, boolean bad) {
    if (bad) {
      open(halfOpen, clock.getAsLong());
    } else if (halfOpen.successes.incrementAndGet() == options.probes()) {
      long nowNanos = clock.getAsLong();
      transition(
          halfOpen,
          new Phase.Closed(
              halfOpen.epoch + 1, halfOpen.streak, halfOpen.openings, nowNanos, options),
          nowNanos);
    }
  }

  private boolean isReached(long reading, double percent) {
    return reading != Window.UNCHANGED
        && Window.bad(reading) > 0
        && Window.total(reading) >= options.minCalls()
        && Window.bad(reading) * 100.0 >= Window.total(reading) * percent;
  }

  private boolean isSlow(long token, long nowNanos) {
    return Ticks.elapsed(token >>> TICK_SHIFT, Ticks.of(nowNanos)) > slowTicks;
  }

  private void open(Phase from, long nowNanos) {
    long longest = options.open().longest().toNanos();
    boolean wasStable =
        from instanceof Phase.Closed closed && nowNanos - closed.sinceNanos >= longest;
    int streak = wasStable ? 0 : from.streak;
    long first = options.open().first().toNanos();
    long doubled = streak >= Long.numberOfLeadingZeros(first) - 1 ? longest : first << streak;
    double jitter = options.open().jitter() * (2 * Mix.unit(seed + from.epoch) - 1);
    long duration = Math.max(1, (long) (Math.min(doubled, longest) * (1 + jitter)));
    Phase.Open open =
        new Phase.Open(
            from.epoch + 1, Math.min(streak + 1, 62), from.openings + 1, nowNanos, duration);
    if (transition(from, open, nowNanos) && timer != null) {
      open.watch(timer);
    }
  }

  private void force(State state) {
    Phase before;
    do {
      before = phase;
    } while (!transition(
        before, new Phase.Forced(before.epoch + 1, before.openings, state), clock.getAsLong()));
  }

  private boolean transition(Phase from, Phase to, long nowNanos) {
    if (!PHASE.compareAndSet(this, from, to)) {
      return false;
    }
    if (from.state() != to.state()) {
      listener.onTransition(name, from.state(), to.state(), nowNanos);
    }
    return true;
  }

  /** What is left of the open time; starts it again, no longer, if the clock has stepped back. */
  private long remainingNanos(Phase.Open open, long nowNanos) {
    long elapsedNanos = nowNanos - open.sinceNanos;
    if (elapsedNanos < 0) {
      PHASE.compareAndSet(this, open, open.restartedAt(nowNanos));
      return open.durationNanos;
    }
    return Math.max(0, open.durationNanos - elapsedNanos);
  }

  private static long token(Phase phase, int probe, long tick) {
    return tick << TICK_SHIFT | (long) probe << PROBE_SHIFT | (long) phase.epoch << 1 | 1;
  }

  private static boolean isOf(Phase phase, long token) {
    return (token & 1) != 0 && (token >>> 1 & Phase.EPOCH_MASK) == phase.epoch;
  }

  private static long holding(long token) {
    return LeasedSlots.holding((int) (token >>> PROBE_SHIFT) & 15, token >>> TICK_SHIFT);
  }
}
