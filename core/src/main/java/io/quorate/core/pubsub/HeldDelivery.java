package io.quorate.core.pubsub;

import io.quorate.core.pubsub.BrokerCommand.Settlement;
import io.quorate.core.pubsub.BrokerCommand.Verdict;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/** A delivery in the hands of a subscriber, or waiting for it. Thread-safe. */
final class HeldDelivery implements Delivery {
  /** What has become of it; it only ever moves down this list. */
  private enum Stage {
    /** Waits for its turn. */
    QUEUED,
    /** The subscriber has it. */
    TAKEN,
    /** Settled, or given back without having been looked at. */
    SETTLED
  }

  private final BusSubscription subscription;
  private final BrokerEffect.Deliver effect;
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.QUEUED);

  HeldDelivery(BusSubscription subscription, BrokerEffect.Deliver effect) {
    this.subscription = subscription;
    this.effect = effect;
  }

  BrokerEffect.Deliver effect() {
    return effect;
  }

  /** Whether the broker hands it out again if it is not settled. */
  boolean comesAgain() {
    return effect.kind() != TopicKind.MEMORY;
  }

  /** Whether the subscriber is to be given it, which happens once at most. */
  boolean take() {
    return stage.compareAndSet(Stage.QUEUED, Stage.TAKEN);
  }

  /** Gives it back, unless the subscriber has it. */
  void release() {
    if (stage.compareAndSet(Stage.QUEUED, Stage.SETTLED)) {
      subscription.settle(
          this, new Settlement(effect.subscription(), effect.tag(), Verdict.RELEASE, 0, ""), null);
    }
  }

  /** Forgets it without a word to the broker, which has forgotten it as well. */
  void forget() {
    stage.compareAndSet(Stage.QUEUED, Stage.SETTLED);
  }

  /** Settles it on behalf of the subscriber, unless that has done so itself. */
  void settleIfOpen(Verdict verdict, long delayMillis, String reason) {
    if (stage.compareAndSet(Stage.TAKEN, Stage.SETTLED)) {
      subscription.settle(this, settlement(verdict, delayMillis, reason), null);
    }
  }

  private Settlement settlement(Verdict verdict, long delayMillis, String reason) {
    return new Settlement(effect.subscription(), effect.tag(), verdict, delayMillis, reason);
  }

  private CompletableFuture<Void> settle(Verdict verdict, long delayMillis, String reason) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    if (stage.compareAndSet(Stage.TAKEN, Stage.SETTLED)) {
      subscription.settle(this, settlement(verdict, delayMillis, reason), future);
    } else {
      future.completeExceptionally(
          new FencedException("delivery of message " + effect.sequence() + " is settled already"));
    }
    return future;
  }

  @Override
  public CompletableFuture<Void> ack() {
    return settle(Verdict.ACK, 0, "");
  }

  @Override
  public CompletableFuture<Void> nack(Duration delay) {
    if (delay.isNegative() || delay.compareTo(Duration.ofDays(365)) > 0) {
      throw new IllegalArgumentException("delay must be 0 to 365 days, was " + delay);
    }
    return settle(Verdict.NACK, delay.toMillis(), "refused by the subscriber");
  }

  @Override
  public CompletableFuture<Void> reject(String reason) {
    return settle(Verdict.REJECT, 0, reason);
  }

  @Override
  public boolean wantsReply() {
    return effect.replyTo().isPresent();
  }

  @Override
  public CompletableFuture<Void> reply(Message answer) {
    ReplyTo replyTo =
        effect.replyTo().orElseThrow(() -> new IllegalStateException("no answer is wanted"));
    return subscription.reply(replyTo, answer);
  }

  @Override
  public Message message() {
    return effect.message();
  }

  @Override
  public String topic() {
    return effect.topic();
  }

  @Override
  public int partition() {
    return effect.partition();
  }

  @Override
  public long sequence() {
    return effect.sequence();
  }

  @Override
  public long generation() {
    return effect.generation();
  }

  @Override
  public int attempt() {
    return effect.attempt();
  }

  @Override
  public long timestampMillis() {
    return effect.timestampMillis();
  }

  @Override
  public String toString() {
    return "Delivery[" + effect.topic() + " " + effect.partition() + "/" + effect.sequence()
        + ", attempt " + effect.attempt() + "]";
  }
}
