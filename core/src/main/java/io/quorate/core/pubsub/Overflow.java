package io.quorate.core.pubsub;

/** What happens to a message for a partition that has reached its {@link Retention}. */
public enum Overflow {
  /**
   * It is stored and the oldest message dropped. Who has not read that one gets a {@link Gap}; a
   * publisher never waits for a subscriber.
   */
  DROP_OLDEST,

  /**
   * It is refused while the oldest message is not settled by every group, so that none loses a
   * message; the slowest group sets the pace. On a compacted topic it is refused while there is no
   * tombstone to drop.
   */
  REFUSE
}
