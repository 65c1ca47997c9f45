package io.quorate.resilience;

import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * The moment by which an answer is of use. Travels as the time that remains: read {@link
 * #remainingNanos} when sending, make a new one from it when receiving, and no clocks are compared.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Deadline {
  private static final Deadline NONE = new Deadline(() -> 0, Long.MAX_VALUE);

  private final LongSupplier clock;
  private final long atNanos;

  private Deadline(LongSupplier clock, long atNanos) {
    this.clock = clock;
    this.atNanos = atNanos;
  }

  /** Never passes. */
  public static Deadline none() {
    return NONE;
  }

  /** Passes when {@code remaining} is over on {@code clock}; zero has passed already. */
  public static Deadline after(Duration remaining, LongSupplier clock) {
    return afterNanos(Checks.notNegative("remaining", remaining), clock);
  }

  /**
   * Passes in {@code remainingNanos} on {@code clock}.
   *
   * @param remainingNanos 0 or less has passed already; {@code Long.MAX_VALUE} never passes
   */
  public static Deadline afterNanos(long remainingNanos, LongSupplier clock) {
    Objects.requireNonNull(clock, "clock");
    return remainingNanos == Long.MAX_VALUE
        ? NONE
        : new Deadline(clock, clock.getAsLong() + Math.max(0, remainingNanos));
  }

  /** What is left; 0 once it has passed, {@code Long.MAX_VALUE} if it never will. */
  public long remainingNanos() {
    return this == NONE ? Long.MAX_VALUE : Math.max(0, atNanos - clock.getAsLong());
  }

  public boolean isPassed() {
    return remainingNanos() == 0;
  }

  /** The one of the two that passes first. */
  public Deadline earlier(Deadline other) {
    return other.remainingNanos() < remainingNanos() ? other : this;
  }

  @Override
  public String toString() {
    return this == NONE ? "no deadline" : "deadline in " + remainingNanos() + " ns";
  }
}
