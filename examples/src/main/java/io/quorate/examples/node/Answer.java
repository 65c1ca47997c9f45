package io.quorate.examples.node;

/** What became of one request to a store. Versions are opaque and never used twice for a key. */
sealed interface Answer {
  /** The key has this value. */
  record Value(byte[] value, String version) implements Answer {}

  /** The write or delete has taken effect under {@code version}. */
  record Written(String version) implements Answer {}

  /** There is no such key; nothing was changed. */
  record Absent() implements Answer {}

  /** The condition does not hold; nothing was changed. */
  record ConditionFailed() implements Answer {}

  /** Had no effect and never will. */
  record Refused(String reason) implements Answer {}

  /** May have taken effect, or may later, at most once. */
  record Indeterminate(String reason) implements Answer {}
}
