package io.quorate.core.pubsub;

import io.quorate.core.Text;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * How a subscriber takes part.
 *
 * @param group whose members share the partitions, and whose position the broker keeps, also while
 *     there is no member; empty for a subscriber that gets all by itself, as long as it is there
 * @param start where it begins, unless its group exists already
 * @param credits deliveries that it may have and not have settled; no more come until it settles
 *     some. 1 to 65,536
 * @param acknowledgement who settles
 * @param retryDelay after which a message comes again when the subscriber has thrown
 */
public record SubscribeOptions(
    Optional<String> group,
    StartPosition start,
    int credits,
    Acknowledgement acknowledgement,
    Duration retryDelay) {
  static final int MAX_CREDITS = 65_536;

  /** Who settles a delivery. */
  public enum Acknowledgement {
    /** The bus, when {@link Subscriber#onDelivery} returns. */
    AUTOMATIC,
    /** The subscriber, then or later, on any thread. */
    MANUAL
  }

  public SubscribeOptions {
    Objects.requireNonNull(start, "start");
    Objects.requireNonNull(acknowledgement, "acknowledgement");
    Objects.requireNonNull(retryDelay, "retryDelay");
    group.ifPresent(name -> Text.requireName("group", name));
    if (credits < 1 || credits > MAX_CREDITS) {
      throw new IllegalArgumentException(
          "credits must be 1 to " + MAX_CREDITS + ", was " + credits);
    }
    if (retryDelay.isNegative() || retryDelay.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("retryDelay must be 0 to 1 day, was " + retryDelay);
    }
  }

  /** No group, from now on, 256 credits, acknowledged by the bus, again after 1 s. */
  public static SubscribeOptions defaults() {
    return new SubscribeOptions(
        Optional.empty(),
        StartPosition.LATEST,
        256,
        Acknowledgement.AUTOMATIC,
        Duration.ofSeconds(1));
  }

  /** As {@link #defaults}, as a member of {@code group}, which begins with all that is there. */
  public static SubscribeOptions group(String group) {
    return defaults().withGroup(group).withStart(StartPosition.EARLIEST);
  }

  public SubscribeOptions withGroup(String group) {
    return new SubscribeOptions(Optional.of(group), start, credits, acknowledgement, retryDelay);
  }

  public SubscribeOptions withStart(StartPosition start) {
    return new SubscribeOptions(group, start, credits, acknowledgement, retryDelay);
  }

  public SubscribeOptions withCredits(int credits) {
    return new SubscribeOptions(group, start, credits, acknowledgement, retryDelay);
  }

  /** The subscriber settles each delivery itself. */
  public SubscribeOptions acknowledgedByHand() {
    return new SubscribeOptions(group, start, credits, Acknowledgement.MANUAL, retryDelay);
  }

  public SubscribeOptions withRetryDelay(Duration retryDelay) {
    return new SubscribeOptions(group, start, credits, acknowledgement, retryDelay);
  }
}
