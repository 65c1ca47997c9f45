package io.quorate.core.pubsub;

/** How often a message reaches each group of subscribers. */
public enum TopicKind {
  /**
   * At most once: a message is settled when it is handed out, and never handed out again. What is
   * missed is reported as a {@link Gap}. Publishing again after an indeterminate failure may store
   * the message twice.
   */
  MEMORY,

  /**
   * At least once: a message is handed out until it is acknowledged or given up. Publishing again
   * after an indeterminate failure may store the message twice.
   */
  DURABLE,

  /**
   * Effectively once: as {@link #DURABLE}, and a message that is published again with the same
   * {@link ProducerSequence} is stored once; the bus stamps and repeats what has none.
   */
  DEDUP
}
