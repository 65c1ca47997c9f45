package io.quorate.resilience;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * At most so many calls at once. Does not queue: the one too many is refused.
 *
 * <p>A permit is a place with a lease: giving it back twice does nothing the second time, and a
 * holder that never gives it back loses it once its lease is over and somebody else wants it.
 * Acquiring costs O(1) while there is room; refusing costs O(size) if there is a lease to look for.
 */
public final class Bulkhead implements Limiter {
  /**
   * A bulkhead at one moment.
   *
   * @param overdue holders that have kept their permit for longer than the lease; above 0 means
   *     that somebody forgets to give back. 0 if there is no lease
   */
  public record Stats(int maxConcurrent, int inUse, int overdue) {}

  private final String name;
  private final int maxConcurrent;
  /** 0: for ever. */
  private final long leaseTicks;
  private final LeasedSlots slots;

  private Bulkhead(String name, int maxConcurrent, long leaseNanos) {
    this.name = Checks.name(name);
    Checks.range("maxConcurrent", maxConcurrent, 1, LeasedSlots.MAX_SIZE);
    this.maxConcurrent = maxConcurrent;
    this.leaseTicks = leaseNanos >>> 10;
    this.slots = new LeasedSlots(maxConcurrent);
  }

  /**
   * A bulkhead whose permits are held until they are given back.
   *
   * @param maxConcurrent 1 to 4,096
   */
  public static Bulkhead of(String name, int maxConcurrent) {
    return new Bulkhead(name, maxConcurrent, 0);
  }

  /**
   * A bulkhead that takes back permits which nobody has given back for {@code lease}.
   *
   * @param lease longer than any call may take; a millisecond to a day
   */
  public static Bulkhead of(String name, int maxConcurrent, Duration lease) {
    long leaseNanos = Checks.positive("lease", lease);
    Checks.range("lease in nanos", leaseNanos, 1_000_000, 86_400_000_000_000L);
    return new Bulkhead(name, maxConcurrent, leaseNanos);
  }

  @Override
  public long tryAcquire(long nowNanos) {
    // A holding is not negative, and a token must be above 0.
    return slots.take(maxConcurrent, Ticks.of(nowNanos), leaseTicks) + 1;
  }

  @Override
  public void release(long token, Outcome outcome, long nowNanos) {
    if (token > 0) {
      slots.release(token - 1);
    }
  }

  public Stats stats(LongSupplier clock) {
    int overdue =
        leaseTicks == 0 ? 0 : slots.heldLongerThan(leaseTicks, Ticks.of(clock.getAsLong()));
    return new Stats(maxConcurrent, slots.inUse(), overdue);
  }

  @Override
  public String toString() {
    return "bulkhead " + name + " of " + maxConcurrent;
  }
}
