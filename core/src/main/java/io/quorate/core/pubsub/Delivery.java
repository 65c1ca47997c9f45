package io.quorate.core.pubsub;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A message in the hands of a subscriber, who settles it once: {@link #ack}, {@link #nack} or
 * {@link #reject}. Settling gives back the credit that the delivery took. Safe for use by many
 * threads.
 *
 * <p>Futures of settling complete on the bus's event loop once the broker has taken it (on the
 * disk, where it has one): or fail with {@link FencedException}, with {@link
 * io.quorate.core.RefusedException}, both without effect, or with {@link
 * io.quorate.core.IndeterminateException}. In all three the message may be delivered again.
 */
public interface Delivery {
  Message message();

  String topic();

  /** The partition of the topic, from 0. */
  int partition();

  /** The place in the partition, from 0; grows from message to message. */
  long sequence();

  /** The generation of the group in which this member was given the partition; from 1. */
  long generation();

  /** How often the message was handed out to the group, this time included. */
  int attempt();

  /** When it was stored, by the broker's time: wall time, or log time where it is replicated. */
  long timestampMillis();

  /** The message is done with. */
  CompletableFuture<Void> ack();

  /**
   * The message could not be handled: it comes again after {@code delay}, and until it is settled
   * so does every later message of its key, unless it has failed too often and is given up.
   *
   * @param delay 0 to 365 days
   */
  CompletableFuture<Void> nack(Duration delay);

  /** The message will never be handled: it is given up at once. */
  CompletableFuture<Void> reject(String reason);

  /** Whether the publisher waits for an answer. */
  boolean wantsReply();

  /**
   * Answers the publisher. The future tells whether the broker has taken the answer.
   *
   * @throws IllegalStateException if it does not {@linkplain #wantsReply want} one
   */
  CompletableFuture<Void> reply(Message answer);
}
