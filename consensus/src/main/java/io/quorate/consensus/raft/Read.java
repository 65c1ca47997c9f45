package io.quorate.consensus.raft;

import java.time.Duration;

/** How fresh a read must be. */
public sealed interface Read {
  /**
   * Sees everything that was acknowledged before the read began. Costs a round trip to a majority,
   * shared by all who read at the time.
   */
  Read LINEARIZABLE = new Linearizable(false);

  /**
   * As {@link #LINEARIZABLE}, but a leader that a majority has lately promised not to elect another
   * answers at once. Rests on clocks that run equally fast to within a quarter of the election
   * time-out.
   */
  Read LEASE = new Linearizable(true);

  /** What this node has applied so far, however old. */
  Read LOCAL = new AtLeast(0);

  /** State that holds all up to {@code index}: one's own writes, for instance. */
  static Read atLeast(long index) {
    return new AtLeast(index);
  }

  /**
   * What this node has applied, if it has heard from a leader within {@code bound}; otherwise the
   * read is refused.
   */
  static Read stale(Duration bound) {
    return new Stale(bound);
  }

  /** Confirmed by a majority, or by a lease. */
  record Linearizable(boolean lease) implements Read {}

  /** Waits until {@code index} is applied here. */
  record AtLeast(long index) implements Read {
    public AtLeast {
      if (index < 0) {
        throw new IllegalArgumentException("index must not be negative, was " + index);
      }
    }
  }

  /** Only while the leader was heard within {@code bound}. */
  record Stale(Duration bound) implements Read {
    public Stale {
      if (bound.isNegative() || bound.isZero()) {
        throw new IllegalArgumentException("bound must be more than 0, was " + bound);
      }
    }
  }
}
