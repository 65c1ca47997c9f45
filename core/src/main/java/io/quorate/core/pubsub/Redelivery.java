package io.quorate.core.pubsub;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What becomes of messages that are not acknowledged; without effect on {@link TopicKind#MEMORY}.
 *
 * @param maxDeliveries how often a message may fail (refused by {@code nack}, not settled in time,
 *     or in the hands of a subscriber that died) before it is given up; at least 1
 * @param ackTimeout how long a subscriber may take to settle a message; at least a millisecond
 * @param maxUnsettled messages of one partition that one group may have handed out or held back; no
 *     more are handed out beyond it. At least 1
 * @param deadLetterTopic where messages go that are given up, with a {@link DeadLetterReason};
 *     created with the topic if need be. Without one they are dropped and reported as a {@link Gap}
 */
public record Redelivery(
    int maxDeliveries, Duration ackTimeout, int maxUnsettled, Optional<String> deadLetterTopic) {
  public Redelivery {
    Objects.requireNonNull(ackTimeout, "ackTimeout");
    Objects.requireNonNull(deadLetterTopic, "deadLetterTopic");
    if (maxDeliveries < 1) {
      throw new IllegalArgumentException("maxDeliveries must be at least 1, was " + maxDeliveries);
    }
    if (ackTimeout.compareTo(Duration.ofMillis(1)) < 0
        || ackTimeout.compareTo(Duration.ofDays(365)) > 0) {
      throw new IllegalArgumentException("ackTimeout must be 1 ms to 365 days, was " + ackTimeout);
    }
    if (maxUnsettled < 1) {
      throw new IllegalArgumentException("maxUnsettled must be at least 1, was " + maxUnsettled);
    }
    deadLetterTopic.ifPresent(TopicPattern::requireTopic);
  }

  /** 5 deliveries, 30 s to acknowledge each, 4,096 unsettled, no dead-letter topic. */
  public static Redelivery defaults() {
    return new Redelivery(5, Duration.ofSeconds(30), 4_096, Optional.empty());
  }

  public Redelivery withMaxDeliveries(int maxDeliveries) {
    return new Redelivery(maxDeliveries, ackTimeout, maxUnsettled, deadLetterTopic);
  }

  public Redelivery withAckTimeout(Duration ackTimeout) {
    return new Redelivery(maxDeliveries, ackTimeout, maxUnsettled, deadLetterTopic);
  }

  public Redelivery withMaxUnsettled(int maxUnsettled) {
    return new Redelivery(maxDeliveries, ackTimeout, maxUnsettled, deadLetterTopic);
  }

  public Redelivery withDeadLetterTopic(String topic) {
    return new Redelivery(maxDeliveries, ackTimeout, maxUnsettled, Optional.of(topic));
  }
}
