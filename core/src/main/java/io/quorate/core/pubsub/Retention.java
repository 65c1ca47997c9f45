package io.quorate.core.pubsub;

import java.time.Duration;
import java.util.Objects;

/**
 * What each partition of a topic keeps for those who are late.
 *
 * @param maxMessages the most messages of a partition; at least 1
 * @param maxBytes the most bytes of keys, headers and payloads of a partition; at least 1
 * @param maxAge how long a message is kept at most, by the broker's time; on a compacted topic only
 *     tombstones age. More than 0
 * @param compacted whether a message replaces the former one of the same key, so that the topic
 *     holds the newest value of each key; messages must then have a key, and one without a payload
 *     is a tombstone that deletes it
 */
public record Retention(int maxMessages, long maxBytes, Duration maxAge, boolean compacted) {
  public Retention {
    Objects.requireNonNull(maxAge, "maxAge");
    if (maxMessages < 1) {
      throw new IllegalArgumentException("maxMessages must be at least 1, was " + maxMessages);
    }
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1, was " + maxBytes);
    }
    if (maxAge.compareTo(Duration.ofMillis(1)) < 0
        || maxAge.compareTo(Duration.ofDays(36_500)) > 0) {
      throw new IllegalArgumentException("maxAge must be 1 ms to 36,500 days, was " + maxAge);
    }
  }

  /** 10,000 messages of 16 MiB, for 7 days, not compacted. */
  public static Retention defaults() {
    return new Retention(10_000, 16L << 20, Duration.ofDays(7), false);
  }

  public Retention withMaxMessages(int maxMessages) {
    return new Retention(maxMessages, maxBytes, maxAge, compacted);
  }

  public Retention withMaxBytes(long maxBytes) {
    return new Retention(maxMessages, maxBytes, maxAge, compacted);
  }

  public Retention withMaxAge(Duration maxAge) {
    return new Retention(maxMessages, maxBytes, maxAge, compacted);
  }

  /** Only the newest message of each key. */
  public Retention asCompacted() {
    return new Retention(maxMessages, maxBytes, maxAge, true);
  }
}
