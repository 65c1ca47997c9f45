package io.quorate.consensus.raft;

/**
 * What a leader may tell readers without asking anybody.
 *
 * @param untilNanos until when, on the monotonic clock, no other node can lead
 * @param index what must be applied before a reader may see the state: all that may have been shown
 *     to anybody so far
 */
record Lease(long untilNanos, long index) {
  boolean holds(long nowNanos) {
    return nowNanos - untilNanos < 0;
  }
}
