package io.quorate.core.sim;

import java.util.Locale;

/** A simulation has found a violation; says when, and by which line it is replayed. */
public final class SimulationFailure extends AssertionError {
  private final long seed;

  SimulationFailure(long seed, long nanos, long events, String what, Throwable cause) {
    super(
        String.format(
            Locale.ROOT,
            "%s (at %.9f s, event %d; replay with -Dsim.seed=%d)",
            what,
            nanos / 1e9,
            events,
            seed),
        cause);
    this.seed = seed;
  }

  /** The seed of the run that failed. */
  public long seed() {
    return seed;
  }
}
