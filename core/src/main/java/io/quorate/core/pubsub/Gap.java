package io.quorate.core.pubsub;

/**
 * Messages that a subscriber will not see. A bound: some of them may never have existed, may belong
 * to a compacted key, or may have been seen before.
 *
 * @param topic whose they were
 * @param partition of the topic
 * @param fromSequence the first that is missing
 * @param toSequence the first after the gap
 * @param reason why
 */
public record Gap(String topic, int partition, long fromSequence, long toSequence, Reason reason) {
  /** Why messages are missing. */
  public enum Reason {
    /** They were dropped by count, bytes or age before the subscriber had read them. */
    RETENTION,
    /** They were handed out to a subscriber that has not confirmed them, and will not be again. */
    UNCONFIRMED,
    /** They are larger than the transport to the subscriber's node carries. */
    TOO_LARGE,
    /** They were given up, and there is no dead-letter topic. */
    GIVEN_UP,
    /** The broker was restarted or replaced: what it held in memory, and from where, is unknown. */
    BROKER_LOST
  }
}
