package io.quorate.resilience;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * At most so many calls per period, evenly spread, with a burst on top: the generic cell rate
 * algorithm (ITU-T I.371), one {@code long} and one compare-and-set.
 *
 * <p>A clock that steps back delays nobody by more than the burst would. Does not queue: who comes
 * too early is refused, and told when to come again.
 */
public final class RateLimiter implements Limiter {
  /** A rate limiter so far. */
  public record Stats(long admitted, long refused) {}

  private final String name;
  private final LongSupplier clock;
  private final long intervalNanos;
  private final long burstNanos;
  /** When the next call would be due if calls came exactly at the rate. */
  private final AtomicLong dueNanos;
  private final LongAdder admitted = new LongAdder();
  private final LongAdder refused = new LongAdder();

  private RateLimiter(String name, long intervalNanos, int burst, LongSupplier clock) {
    this.name = Checks.name(name);
    this.clock = clock;
    this.intervalNanos = intervalNanos;
    this.burstNanos = Math.multiplyExact(intervalNanos, burst - 1L);
    this.dueNanos = new AtomicLong(clock.getAsLong());
  }

  /**
   * Lets {@code permits} calls through per {@code period}, and up to {@code burst} at one moment.
   *
   * @param permits at least 1, and at most one for each nanosecond of the period
   * @param burst 1 to 1,000,000
   */
  public static RateLimiter of(
      String name, long permits, Duration period, int burst, LongSupplier clock) {
    long periodNanos = Checks.positive("period", period);
    Checks.range("permits", permits, 1, periodNanos);
    Checks.range("burst", burst, 1, 1_000_000);
    return new RateLimiter(name, periodNanos / permits, burst, clock);
  }

  /** Lets {@code permits} calls through per second, with a burst of a tenth of that. */
  public static RateLimiter perSecond(String name, int permits) {
    int burst = (int) Math.min(1_000_000L, Math.max(1, permits / 10));
    return of(name, permits, Duration.ofSeconds(1), burst, RealTime.clock());
  }

  @Override
  public long tryAcquire(long nowNanos) {
    while (true) {
      long due = dueNanos.get();
      long aheadNanos = due - nowNanos;
      if (aheadNanos > burstNanos) {
        if (aheadNanos <= burstNanos + intervalNanos) {
          refused.increment();
          return 0;
        }
        // Nobody can be so far ahead: the clock has stepped back. Start again, the burst used up.
        aheadNanos = burstNanos;
      }
      long next = nowNanos + Math.max(0, aheadNanos) + intervalNanos;
      if (dueNanos.compareAndSet(due, next)) {
        admitted.increment();
        return UNIT;
      }
    }
  }

  /** Does nothing: the permit of a call is spent when the call is made. */
  @Override
  public void release(long token, Outcome outcome, long nowNanos) {}

  @Override
  public long retryAfterNanos() {
    return Math.max(0, dueNanos.get() - burstNanos - clock.getAsLong());
  }

  public Stats stats() {
    return new Stats(admitted.sum(), refused.sum());
  }

  @Override
  public String toString() {
    return "rate limiter " + name + " of one call per " + intervalNanos + " ns";
  }
}
