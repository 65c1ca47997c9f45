package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Publishes to topics and subscribes to them. Safe for use by many threads; no method blocks.
 *
 * <p>Futures complete on the bus's event loop, within {@link BusOptions#timeout} (requests: within
 * their deadline) and also when the bus is closed; cancelling one undoes nothing. They fail with
 * {@link io.quorate.core.RefusedException}, which has had no effect, or with {@link
 * io.quorate.core.IndeterminateException}.
 */
public interface MessageBus extends AutoCloseable {
  /**
   * A bus on {@code broker}, which may have many. Closing the bus does not close the broker; close
   * it before the environment.
   */
  static MessageBus on(Environment environment, Broker broker, BusOptions options) {
    return new BrokerBus(environment, broker, options);
  }

  /**
   * Creates {@code topic}, or finds it with the same options.
   *
   * @return fails as refused if it exists with other options
   * @throws IllegalArgumentException if the name is malformed
   */
  CompletableFuture<Void> create(String topic, TopicOptions options);

  /**
   * Publishes {@code message}. Messages of one bus to one topic are stored in the order published.
   *
   * @return where it is stored; fails as refused if there is no such topic, the message is too
   *     large, the topic is full, or too much waits to be published already
   * @throws IllegalArgumentException if the name is malformed
   */
  CompletableFuture<Receipt> publish(String topic, Message message);

  /**
   * Subscribes to all topics that match {@code pattern}, now and later.
   *
   * @param pattern a {@link TopicPattern}; without wildcards it names a topic that must exist
   * @throws IllegalArgumentException if the pattern is malformed
   */
  CompletableFuture<Subscription> subscribe(
      String pattern, SubscribeOptions options, Subscriber subscriber);

  /**
   * Forgets the position of {@code group}, which has no members any more, so that a topic which
   * must not lose messages stops keeping them for it.
   *
   * @return fails as refused if there is no such group, or it has members
   * @throws IllegalArgumentException if a name is malformed
   */
  CompletableFuture<Void> dropGroup(String topic, String group);

  /**
   * Publishes {@code message} and waits for the first answer to it. The answer must not count on
   * being the only one: each group of the topic gets the request.
   *
   * @return the answer; fails with {@link NoListenerException} if nobody is subscribed to the topic
   *     now, and as indeterminate if no answer comes in time
   * @throws IllegalArgumentException if the name is malformed or {@code deadline} not positive
   */
  CompletableFuture<Message> request(String topic, Message message, Duration deadline);

  /** Ends all subscriptions, fails what waits, and leaves the broker. May be called twice. */
  @Override
  void close();
}
