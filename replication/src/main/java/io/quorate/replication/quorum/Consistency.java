package io.quorate.replication.quorum;

/** How many replicas an operation waits for, and so what it promises. */
public enum Consistency {
  /**
   * One replica, which for a write has made it durable. Always answers while one replica can be
   * reached; reads may be old, and of two writes the one whose node's clock is ahead wins.
   */
  ONE,
  /**
   * The configured read and write quorums of the key's replicas. A read returns the last
   * acknowledged write or a newer one, and no later read an older one. The default.
   */
  QUORUM,
  /**
   * A majority of the replicas in the coordinator's zone: what {@code QUORUM} promises, within it.
   */
  LOCAL_QUORUM,
  /** A majority in every zone: what {@code QUORUM} promises to coordinators in any zone. */
  EACH_QUORUM,
  /**
   * Majorities of all replicas, whatever quorums are configured: reads, writes and deletions of one
   * key take effect in one order, each between its begin and its end.
   */
  LINEARIZABLE,
  /** Every replica: a write is on all of them; one that is down fails the operation. */
  ALL
}
