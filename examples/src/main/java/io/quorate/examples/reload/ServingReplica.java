package io.quorate.examples.reload;

import io.quorate.core.EventLoop;
import io.quorate.core.pubsub.Delivery;
import io.quorate.core.pubsub.Subscriber;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * A replica that reloads when it is told, and caches its answers. Two rules make it safe whatever
 * happens to the notices: only a newer version replaces a model, and the version is part of the
 * cache's key. Without the rules it adopts whatever it is told and clears its cache then.
 *
 * <p>Lives on its event loop.
 */
final class ServingReplica implements Subscriber {
  private static final Duration LOADING = Duration.ofMillis(20);
  private static final Duration COMPUTING = Duration.ofMillis(5);
  private static final Duration MAX_DELAY = Duration.ofMillis(150);

  /** An answer, which model it says it is of, and whether it is. */
  record Answer(long version, boolean right) {}

  private record Key(long version, String input) {}

  private final EventLoop loop;
  private final RandomGenerator chance;
  private final double trouble;
  private final boolean careful;
  /** What was computed, by the version of the model that computed it. */
  private final Map<Key, Long> cache = new HashMap<>();
  private long version;
  private long wentBack;
  private long lost;
  private long doubled;

  /**
   * A replica without a model.
   *
   * @param trouble share of the notices that are lost, and of those that come twice
   * @param careful whether it keeps the two rules
   */
  ServingReplica(EventLoop loop, RandomGenerator chance, double trouble, boolean careful) {
    this.loop = loop;
    this.chance = chance;
    this.trouble = trouble;
    this.careful = careful;
  }

  /** A notice arrives, or does not; what is not acknowledged comes again. */
  @Override
  public void onDelivery(Delivery delivery) {
    loop.execute(
        () -> {
          if (chance.nextDouble() < trouble) {
            lost++;
            return;
          }
          arrive(delivery);
          if (chance.nextDouble() < trouble) {
            doubled++;
            arrive(delivery);
          }
        });
  }

  /** After a while, so that notices overtake each other. */
  private void arrive(Delivery delivery) {
    long nanos = (long) (chance.nextDouble() * MAX_DELAY.toNanos()) + LOADING.toNanos();
    loop.schedule(
        nanos,
        () -> {
          adopt(Long.parseLong(delivery.message().text()));
          delivery.ack();
        });
  }

  private void adopt(long told) {
    if (told > version || !careful) {
      wentBack += told < version ? 1 : 0;
      version = told;
      if (careful) {
        cache.keySet().removeIf(key -> key.version() < told);
      } else {
        cache.clear();
      }
    }
  }

  /** Answers from the cache, or computes and remembers; the model may change meanwhile. */
  void predict(String input, Consumer<Answer> then) {
    long mine = version;
    Key key = new Key(careful ? mine : 0, input);
    Long cached = cache.get(key);
    if (cached != null) {
      then.accept(new Answer(mine, cached == mine));
      return;
    }
    loop.schedule(
        COMPUTING.toNanos(),
        () -> {
          cache.put(key, mine);
          then.accept(new Answer(mine, true));
        });
  }

  long version() {
    return version;
  }

  /** How often an older model replaced a newer one. */
  long wentBack() {
    return wentBack;
  }

  long lost() {
    return lost;
  }

  long doubled() {
    return doubled;
  }
}
