package io.quorate.resilience;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/**
 * Spares a callee that is refusing or failing: turns calls away here, at random, in the measure in
 * which it does not succeed, and always lets enough through to notice that it has recovered.
 *
 * <p>Turns away with probability {@code (requests - k * successes) / (requests + 1)} over a window,
 * {@code requests} counting those turned away here too. One in about {@code k} requests that the
 * callee gets may fail before anything is turned away.
 *
 * @see <a href="https://sre.google/sre-book/handling-overload/">Site Reliability Engineering,
 *     chapter 21, client-side throttling</a>
 */
public final class Throttle implements Limiter {
  /** A throttle at one moment; requests and successes are those of the window. */
  public record Stats(int requests, int successes, double rejectShare, long refused) {}

  private final String name;
  private final double k;
  private final TimeWindow window;
  private final Mix chance;
  private final LongAdder refused = new LongAdder();

  private Throttle(String name, double k, TimeWindow window, long seed) {
    this.name = Checks.name(name);
    this.k = k;
    this.window = window;
    this.chance = new Mix(seed);
  }

  /**
   * A throttle on any clock.
   *
   * @param k requests let out per success; 1 to 100, the book's value is 2
   * @param window over which successes are counted; 16 milliseconds to a day, the book's is 2
   *     minutes
   * @param nowNanos the monotonic clock
   */
  public static Throttle of(String name, double k, Duration window, long seed, long nowNanos) {
    if (!(k >= 1 && k <= 100)) {
      throw new IllegalArgumentException("k must be between 1 and 100, was " + k);
    }
    long windowNanos = Checks.positive("window", window);
    Checks.range("window in nanos", windowNanos, 16_000_000, 86_400_000_000_000L);
    return new Throttle(name, k, new TimeWindow(windowNanos, nowNanos), seed);
  }

  /** A throttle on the machine's clock with the book's values. */
  public static Throttle named(String name) {
    return of(name, 2, Duration.ofMinutes(2), RealTime.seed(), RealTime.clock().getAsLong());
  }

  @Override
  public long tryAcquire(long nowNanos) {
    double share = rejectShare(window.reading(nowNanos));
    if (share > 0 && chance.nextUnit() < share) {
      window.record(true, nowNanos);
      refused.increment();
      return 0;
    }
    return UNIT;
  }

  @Override
  public void release(long token, Outcome outcome, long nowNanos) {
    if (outcome != Outcome.IGNORED) {
      window.record(outcome == Outcome.FAILURE, nowNanos);
    }
  }

  public Stats stats(long nowNanos) {
    long reading = window.reading(nowNanos);
    int requests = Window.total(reading);
    return new Stats(
        requests, requests - Window.bad(reading), rejectShare(reading), refused.sum());
  }

  private double rejectShare(long reading) {
    int requests = Window.total(reading);
    int successes = requests - Window.bad(reading);
    return Math.max(0, (requests - k * successes) / (requests + 1.0));
  }

  @Override
  public String toString() {
    return "throttle " + name;
  }
}
