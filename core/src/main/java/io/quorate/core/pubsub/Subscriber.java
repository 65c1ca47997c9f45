package io.quorate.core.pubsub;

import java.util.SortedSet;

/**
 * What is done with messages. Called by one thread at a time, in the order of each key; it may
 * block, which holds up this subscription and no other.
 */
@FunctionalInterface
public interface Subscriber {
  /**
   * A message has arrived. If it throws, the message is {@linkplain Delivery#nack refused} with the
   * subscription's retry delay, unless it is settled already.
   */
  void onDelivery(Delivery delivery) throws Exception;

  /** Messages are missing; called in order with the deliveries of the partition. */
  default void onGap(Gap gap) {}

  /**
   * The partitions of {@code topic} that this member of a group has from now on. Deliveries of
   * others that it still has cannot be settled any more.
   */
  default void onAssignment(String topic, long generation, SortedSet<Integer> partitions) {}

  /**
   * The subscription has ended: it was closed, or {@code reason} says what ended it. Called once,
   * the last call of all.
   */
  default void onClosed(String reason) {}
}
