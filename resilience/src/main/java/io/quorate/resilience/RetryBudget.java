package io.quorate.resilience;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps extra attempts in proportion to calls, so that retries do not multiply an outage: each call
 * pays in a share of an attempt, each extra attempt takes one out, and a trickle per second comes
 * on top so that rare calls can be retried as well. Share it among the guards that call one
 * service.
 *
 * <p>Safe for use by many threads, lock free. A full budget is not written by calls, which is how
 * it stands while all is well.
 */
public final class RetryBudget {
  /** A budget at one moment; {@code balance} is in attempts. */
  public record Stats(double balance, long withdrawn, long refused) {}

  private static final long UNIT = 1_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final long shareUnits;
  private final double trickleUnitsPerNano;
  private final long fullUnits;
  private final AtomicLong balance;
  private final AtomicLong trickledUntilNanos;
  private final AtomicLong withdrawn = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  private RetryBudget(double ratio, double perSecond, int reserve, long nowNanos) {
    this.shareUnits = Math.round(ratio * UNIT);
    this.trickleUnitsPerNano = perSecond * UNIT / NANOS_PER_SECOND;
    this.fullUnits = reserve * UNIT;
    this.balance = new AtomicLong(fullUnits);
    this.trickledUntilNanos = new AtomicLong(nowNanos);
  }

  /**
   * A budget that begins full.
   *
   * @param ratio extra attempts per call; 0 to 1
   * @param perSecond extra attempts per second whatever the calls; 0 to 1,000
   * @param reserve what may be saved up, and thus the largest burst; 1 to 1,000,000 attempts
   * @param nowNanos the monotonic clock
   */
  public static RetryBudget of(double ratio, double perSecond, int reserve, long nowNanos) {
    Checks.ratio("ratio", ratio);
    if (!(perSecond >= 0 && perSecond <= 1000)) {
      throw new IllegalArgumentException(
          "perSecond must be between 0 and 1000, was " + perSecond);
    }
    Checks.range("reserve", reserve, 1, 1_000_000);
    return new RetryBudget(ratio, perSecond, reserve, nowNanos);
  }

  /** One extra attempt per ten calls, one per second on top, at most 50 saved up. */
  public static RetryBudget defaults(long nowNanos) {
    return of(0.1, 1, 50, nowNanos);
  }

  /** A call is made: pays in its share. */
  public void deposit() {
    long before;
    long after;
    do {
      before = balance.get();
      if (before >= fullUnits) {
        return;
      }
      after = Math.min(fullUnits, before + shareUnits);
    } while (!balance.compareAndSet(before, after));
  }

  /** Takes out one attempt, if there is one. */
  public boolean tryWithdraw(long nowNanos) {
    trickle(nowNanos);
    long before;
    do {
      before = balance.get();
      if (before < UNIT) {
        refused.incrementAndGet();
        return false;
      }
    } while (!balance.compareAndSet(before, before - UNIT));
    withdrawn.incrementAndGet();
    return true;
  }

  /** Pays in what time has brought since it was last asked. */
  private void trickle(long nowNanos) {
    long until = trickledUntilNanos.get();
    long elapsedNanos = nowNanos - until;
    long units = (long) (Math.max(0, elapsedNanos) * trickleUnitsPerNano);
    boolean steppedBack = elapsedNanos < 0;
    // Whoever moves the mark pays in, so no stretch of time pays twice.
    if ((units > 0 || steppedBack) && trickledUntilNanos.compareAndSet(until, nowNanos)) {
      balance.getAndUpdate(
          before -> Math.max(before, Math.min(fullUnits, before + Math.min(units, fullUnits))));
    }
  }

  public Stats stats() {
    return new Stats((double) balance.get() / UNIT, withdrawn.get(), refused.get());
  }
}
