package io.quorate.core.pubsub;

import java.util.Objects;

/**
 * What a topic promises and how much it takes.
 *
 * @param kind how often a message reaches each group
 * @param partitions over which keys are spread; messages of a key stay in order, and a group has at
 *     most this many members at work. 1 to 1,024
 * @param retention what each partition keeps
 * @param overflow what happens when a partition is full
 * @param redelivery what happens to what is not acknowledged
 * @param maxMessageBytes key, headers and payload of one message; larger ones are refused. At least
 *     1, at most {@link Retention#maxBytes}
 * @param dedupWindow sequences remembered of each producer of a {@link TopicKind#DEDUP} topic; 1 to
 *     65,536
 * @param maxProducers producers remembered by a {@link TopicKind#DEDUP} topic; beyond it the one
 *     that was silent for longest is forgotten. 1 to 1,000,000
 */
public record TopicOptions(
    TopicKind kind,
    int partitions,
    Retention retention,
    Overflow overflow,
    Redelivery redelivery,
    int maxMessageBytes,
    int dedupWindow,
    int maxProducers) {
  public TopicOptions {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(retention, "retention");
    Objects.requireNonNull(overflow, "overflow");
    Objects.requireNonNull(redelivery, "redelivery");
    require("partitions", partitions, 1, 1_024);
    require("maxMessageBytes", maxMessageBytes, 1, (int) Math.min(1 << 30, retention.maxBytes()));
    require("dedupWindow", dedupWindow, 1, 65_536);
    require("maxProducers", maxProducers, 1, 1_000_000);
  }

  /**
   * 4 partitions of at most 10,000 messages, 1 MiB a message, 1,024 sequences of 256 producers;
   * a full partition drops its oldest message if {@code kind} is {@link TopicKind#MEMORY}, and
   * refuses new ones otherwise, since those kinds promise that nothing is lost.
   */
  public static TopicOptions of(TopicKind kind) {
    return new TopicOptions(
        kind,
        4,
        Retention.defaults(),
        kind == TopicKind.MEMORY ? Overflow.DROP_OLDEST : Overflow.REFUSE,
        Redelivery.defaults(),
        1 << 20,
        1_024,
        256);
  }

  public TopicOptions withPartitions(int partitions) {
    return new TopicOptions(
        kind, partitions, retention, overflow, redelivery, maxMessageBytes, dedupWindow,
        maxProducers);
  }

  public TopicOptions withRetention(Retention retention) {
    return new TopicOptions(
        kind, partitions, retention, overflow, redelivery, maxMessageBytes, dedupWindow,
        maxProducers);
  }

  /** Only the newest message of each key is kept. */
  public TopicOptions asCompacted() {
    return withRetention(retention.asCompacted());
  }

  public TopicOptions withOverflow(Overflow overflow) {
    return new TopicOptions(
        kind, partitions, retention, overflow, redelivery, maxMessageBytes, dedupWindow,
        maxProducers);
  }

  public TopicOptions withRedelivery(Redelivery redelivery) {
    return new TopicOptions(
        kind, partitions, retention, overflow, redelivery, maxMessageBytes, dedupWindow,
        maxProducers);
  }

  public TopicOptions withMaxMessageBytes(int maxMessageBytes) {
    return new TopicOptions(
        kind, partitions, retention, overflow, redelivery, maxMessageBytes, dedupWindow,
        maxProducers);
  }

  /** Both bounds of what is remembered to recognise repeated messages. */
  public TopicOptions withDedup(int dedupWindow, int maxProducers) {
    return new TopicOptions(
        kind, partitions, retention, overflow, redelivery, maxMessageBytes, dedupWindow,
        maxProducers);
  }

  private static void require(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " must be " + min + " to " + max + ", was " + value);
    }
  }
}
