package io.quorate.core.pubsub;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A subscriber's place on the bus. Safe for use by many threads. */
public interface Subscription extends AutoCloseable {
  TopicPattern pattern();

  /** The group whose messages it shares; empty if it gets all messages by itself. */
  Optional<String> group();

  /** Whether deliveries still come. */
  boolean isOpen();

  /**
   * Leaves: no call to the subscriber begins after the future has completed, save {@link
   * Subscriber#onClosed}. What is not settled goes to other members of the group, or waits for the
   * next one.
   */
  CompletableFuture<Void> unsubscribe();

  /** Begins {@link #unsubscribe} and returns at once. */
  @Override
  void close();
}
