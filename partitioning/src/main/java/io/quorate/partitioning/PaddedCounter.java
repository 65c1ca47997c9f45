package io.quorate.partitioning;

import java.util.concurrent.atomic.AtomicLong;

/** A counter with a cache line to itself, so that counters of different nodes do not contend. */
final class PaddedCounter extends AtomicLong {
  private long before1;
  private long before2;
  private long before3;
  private long before4;
  private long before5;
  private long before6;
  private long before7;

  /** Uses the padding, so that it cannot be taken for dead. */
  long padding() {
    return before1 + before2 + before3 + before4 + before5 + before6 + before7;
  }
}
