package io.quorate.examples.serving;

import io.quorate.resilience.Bulkhead;
import io.quorate.resilience.Deadline;
import io.quorate.resilience.Guard;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One serving replica. It takes so many requests at a time; the one too many is refused at once,
 * with a type of its own ({@link io.quorate.resilience.RejectedException.LimitExceeded}).
 *
 * <p>A reload has two steps, so that no caller ever sees versions go back: {@link #prepare} loads
 * and warms the next model beside the active one; once every replica has done so, {@link #activate}
 * swaps them. In between, a caller that has seen the next version elsewhere gets it here too.
 */
final class ModelReplica implements AutoCloseable {
  private static final Duration BATCH_TARGET = Duration.ofMillis(20);

  /** Swapped as one: whoever reads it sees a pair that belongs together. */
  private record Models(Model active, Model next) {}

  private final String name;
  private final AtomicReference<Models> models;
  private final Batcher batcher;
  private final Guard admission;
  private volatile boolean dead;
  private volatile boolean frozen;

  /**
   * A replica that serves {@code model}.
   *
   * @param maxBatch requests for one call of the model, at most
   * @param maxRequests requests that wait or are computed at a time
   */
  ModelReplica(String name, Model model, int maxBatch, int maxRequests) {
    this.name = name;
    this.models = new AtomicReference<>(new Models(model, model));
    this.batcher = new Batcher("batcher-" + name, this::model, maxBatch, BATCH_TARGET);
    this.admission = Guard.named(name).limit(Bulkhead.of(name, maxRequests)).build();
  }

  /**
   * Computes an answer.
   *
   * @param atLeastVersion the newest version that the caller has seen
   */
  CompletableFuture<Prediction> predict(String input, long atLeastVersion, Deadline deadline) {
    if (dead) {
      return CompletableFuture.failedFuture(new IllegalStateException(name + " is dead"));
    }
    return admission
        .within(deadline)
        .callAsync(attempt -> batcher.submit(input, atLeastVersion, deadline));
  }

  private Model model(long atLeastVersion) {
    Models now = models.get();
    Model model = atLeastVersion > now.active().version() ? now.next() : now.active();
    if (model.version() < atLeastVersion) {
      throw new IllegalStateException(name + " has not loaded version " + atLeastVersion);
    }
    return model;
  }

  /** Loads and warms {@code next} on the calling thread; requests go on meanwhile. */
  void prepare(Model next) {
    next.predict(List.of("warm-up"));
    models.updateAndGet(now -> new Models(now.active(), next));
  }

  /** Serves from now on what was prepared last. */
  void activate() {
    models.updateAndGet(now -> new Models(now.next(), now.next()));
  }

  /** Prepares everywhere, then activates everywhere: all have it before the first one shows it. */
  static void reload(List<ModelReplica> replicas, Model next) {
    replicas.forEach(replica -> replica.prepare(next));
    replicas.forEach(ModelReplica::activate);
  }

  /** What a health check asks; a frozen one does not answer. */
  CompletableFuture<Boolean> ping() {
    return frozen ? new CompletableFuture<>() : CompletableFuture.completedFuture(!dead);
  }

  /** Answers nothing any more, not even that it does not. */
  void freeze(boolean freeze) {
    frozen = freeze;
    batcher.freeze(freeze);
  }

  Batcher batcher() {
    return batcher;
  }

  /** Dies: what is in flight fails, what comes is refused like a closed connection. */
  @Override
  public void close() {
    dead = true;
    batcher.close();
  }

  @Override
  public String toString() {
    return name;
  }
}
