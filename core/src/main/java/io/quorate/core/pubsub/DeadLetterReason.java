package io.quorate.core.pubsub;

import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Why a message is in a dead-letter topic; travels in its headers.
 *
 * @param topic where it was published
 * @param partition of that topic
 * @param sequence its place there
 * @param group that could not handle it; empty if it was one subscriber's without a group
 * @param deliveries how often it was handed out
 * @param reason what the subscriber said, or what happened to it
 */
public record DeadLetterReason(
    String topic, int partition, long sequence, String group, int deliveries, String reason) {
  private static final String PREFIX = "quorate-dead-letter-";

  /** The reason in {@code message}'s headers; empty if it has none. */
  public static Optional<DeadLetterReason> of(Message message) {
    SortedMap<String, String> headers = message.headers();
    if (!headers.containsKey(PREFIX + "topic")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new DeadLetterReason(
              headers.get(PREFIX + "topic"),
              Integer.parseInt(headers.get(PREFIX + "partition")),
              Long.parseLong(headers.get(PREFIX + "sequence")),
              headers.getOrDefault(PREFIX + "group", ""),
              Integer.parseInt(headers.get(PREFIX + "deliveries")),
              headers.getOrDefault(PREFIX + "reason", "")));
    } catch (NumberFormatException e) {
      // Headers of the same name that somebody else has made: not a reason.
      return Optional.empty();
    }
  }

  /** {@code message} with this reason in its headers. */
  Message onto(Message message) {
    SortedMap<String, String> headers = new TreeMap<>(message.headers());
    headers.put(PREFIX + "topic", topic);
    headers.put(PREFIX + "partition", Integer.toString(partition));
    headers.put(PREFIX + "sequence", Long.toString(sequence));
    headers.put(PREFIX + "group", group);
    headers.put(PREFIX + "deliveries", Integer.toString(deliveries));
    headers.put(PREFIX + "reason", reason);
    return message.relabelled(headers);
  }
}
