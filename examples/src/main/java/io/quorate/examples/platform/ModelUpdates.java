package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.pubsub.Delivery;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.MessageBus;
import io.quorate.core.pubsub.Receipt;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import io.quorate.replication.checkpoint.CheckpointInfo;
import io.quorate.replication.checkpoint.CheckpointStore;
import java.io.ByteArrayOutputStream;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A region's end of the topic {@code model.updated}: the master publishes which checkpoint is the
 * newest model, every region hears it and fetches that model.
 *
 * <p>The topic holds the newest message, so a region that was down or cut off learns of it when it
 * is back. A version is stored once, however often and by whomever it is published, and what is not
 * newer than the model at hand is passed over: versions never go back.
 *
 * <p>Safe for use by many threads.
 */
final class ModelUpdates {
  static final String TOPIC = "model.updated";

  /** Repeated versions are recognised; of the only key the newest message is kept. */
  private static final TopicOptions OPTIONS =
      TopicOptions.of(TopicKind.DEDUP).withPartitions(1).asCompacted();

  private static final SubscribeOptions NEWEST_FIRST =
      SubscribeOptions.defaults().withStart(StartPosition.RETAINED);
  private static final String KEY = "served";
  private static final String PRODUCER = "master";
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final EventLoop loop;
  private final MessageBus bus;
  private final CheckpointStore checkpoints;
  /** Written on the loop. */
  private volatile Model newest = Model.NONE;

  private ModelUpdates(Environment environment, MessageBus bus, CheckpointStore checkpoints) {
    this.loop = environment.eventLoop("model-updates");
    this.bus = bus;
    this.checkpoints = checkpoints;
  }

  /** Subscribes, as soon as the topic's nodes have a leader, until {@code environment} ends. */
  static ModelUpdates follow(
      Environment environment, MessageBus bus, CheckpointStore checkpoints) {
    ModelUpdates updates = new ModelUpdates(environment, bus, checkpoints);
    updates.subscribe();
    return updates;
  }

  /** The newest model that is here. */
  Model newest() {
    return newest;
  }

  /**
   * Says that the newest checkpoint, which is saved, is model {@code version}; done when a majority
   * of the regions has the message on disk. May be repeated, here or elsewhere, if it fails.
   */
  CompletableFuture<Receipt> publish(long version) {
    return checkpoints
        .latest()
        .thenApply(saved -> ModelUpdated.of(version, saved.orElseThrow()))
        .thenCompose(
            updated ->
                bus.publish(
                    TOPIC,
                    Message.of(updated.encode()).withKey(KEY).withProducer(PRODUCER, version)));
  }

  private void subscribe() {
    bus.create(TOPIC, OPTIONS)
        .thenCompose(created -> bus.subscribe(TOPIC, NEWEST_FIRST, this::hear))
        .whenComplete(
            (subscription, failure) -> {
              if (failure != null) {
                loop.schedule(AGAIN_NANOS, this::subscribe);
              }
            });
  }

  private void hear(Delivery delivery) {
    ModelUpdated updated = ModelUpdated.decode(delivery.message().bytes());
    loop.execute(() -> fetch(updated));
  }

  /** Fetches a model from here or from a peer; tries again until it has it or a newer one. */
  private void fetch(ModelUpdated updated) {
    if (newest.version() >= updated.version()) {
      return;
    }
    checkpoints
        .latest()
        .thenCompose(saved -> read(saved, updated))
        .whenCompleteAsync(
            (model, failure) -> {
              if (failure != null) {
                loop.schedule(AGAIN_NANOS, () -> fetch(updated));
              } else if (model.version() > newest.version()) {
                newest = model;
              }
            },
            loop::execute);
  }

  private CompletableFuture<Model> read(Optional<CheckpointInfo> saved, ModelUpdated updated) {
    if (saved.isEmpty() || !updated.isOf(saved.get())) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("the newest checkpoint is not that of " + updated));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    return checkpoints
        .read(saved.get(), ModelUpdated.PARAMETERS, bytes)
        .thenApply(done -> Model.of(updated.version(), bytes.toByteArray()));
  }
}
