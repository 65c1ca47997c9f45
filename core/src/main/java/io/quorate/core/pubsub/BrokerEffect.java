package io.quorate.core.pubsub;

import io.quorate.core.codec.Codec;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link BrokerCore} wants a session to hear. In a replicated log every replica comes to the
 * same effects; each performs those of the sessions that are its own.
 */
public sealed interface BrokerEffect {
  /** Versioned; an effect it does not know is malformed. */
  Codec<BrokerEffect> CODEC = new BrokerEffectCodec();

  /** Whom it is for. */
  String session();

  /**
   * A message for a subscription.
   *
   * @param epoch when the topic was created, by the broker's time; another one is another topic
   * @param tag grows with each delivery to the subscription, from 1; by it the delivery is settled
   * @param generation of the group when the subscription was given the partition
   * @param attempt how often the group was given the message, this time included
   * @param heldFrom what is below it was handed out, or is gone; from here on something may be
   *     held back though later messages are not; {@link #UNKNOWN} if the broker did not say
   */
  record Deliver(
      String session,
      long subscription,
      long tag,
      TopicKind kind,
      String topic,
      long epoch,
      int partition,
      long sequence,
      long generation,
      int attempt,
      long timestampMillis,
      Message message,
      Optional<ReplyTo> replyTo,
      long heldFrom)
      implements BrokerEffect {
    static final long UNKNOWN = Long.MAX_VALUE;
  }

  /** Messages that a subscription will not get. */
  record Missed(String session, long subscription, Gap gap) implements BrokerEffect {}

  /** The partitions of a topic that a member of a group has from now on. */
  record Assign(
      String session, long subscription, String topic, long generation, List<Integer> partitions)
      implements BrokerEffect {
    public Assign {
      partitions = List.copyOf(partitions);
    }
  }

  /** An answer to a request of the session. */
  record Answered(String session, long correlation, Message message) implements BrokerEffect {}

  /** The session is over, and so are its subscriptions. */
  record Ended(String session, String reason) implements BrokerEffect {}
}
