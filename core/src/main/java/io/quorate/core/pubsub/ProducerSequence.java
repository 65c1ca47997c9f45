package io.quorate.core.pubsub;

import io.quorate.core.Text;

/**
 * What makes a message the same one when it is published again to a {@link TopicKind#DEDUP} topic.
 *
 * @param producer who publishes, a {@linkplain Text#requireName name}; one publisher at a time
 * @param sequence grows with each message of the producer to the topic; at least 0
 */
public record ProducerSequence(String producer, long sequence) {
  public ProducerSequence {
    Text.requireName("producer", producer);
    if (sequence < 0) {
      throw new IllegalArgumentException("sequence must be at least 0, was " + sequence);
    }
  }
}
