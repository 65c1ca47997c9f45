package io.quorate.examples.platform;

import io.quorate.examples.training.ProgressBar;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingReport;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * The mastership of a job: on the node that is elected, and on its successor, from the newest
 * checkpoint, whenever another is. Belongs to one thread, which has to wait in {@link #until}.
 */
final class Reign implements AutoCloseable {
  private static final Duration ELECTION_LIMIT = Duration.ofMinutes(2);
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final long AGAIN_NANOS = 200_000_000;

  private final Platform platform;
  private final Function<ControlNode, TrainingMaster> start;
  private final ProgressBar bar;
  private ControlNode node;
  private TrainingMaster master;

  /** A reign that has yet to begin; {@code start} makes a node the master of the job. */
  Reign(Platform platform, Function<ControlNode, TrainingMaster> start, ProgressBar bar) {
    this.platform = platform;
    this.start = start;
    this.bar = bar;
  }

  /** Who leads by its own word, which only a majority's votes give it. */
  static Optional<ControlNode> leading(Platform platform) {
    return platform.liveControls().filter(ControlNode::leadsTraining).findFirst();
  }

  /** The master's node; null before the first. */
  ControlNode node() {
    return node;
  }

  /** Has whoever is elected lead the training until {@code condition} holds. */
  void until(BooleanSupplier condition) throws Exception {
    Waiting.until(
        () -> {
          follow();
          return master != null && (condition.getAsBoolean() || isDone());
        },
        LIMIT,
        "the training");
  }

  /** What the job ends in. */
  TrainingReport end() throws Exception {
    until(() -> false);
    return report().get();
  }

  private boolean isDone() {
    return report().isDone() && !report().isCompletedExceptionally();
  }

  private CompletableFuture<TrainingReport> report() {
    return master.report();
  }

  private void follow() throws Exception {
    if (master != null && node.leadsTraining() && !report().isCompletedExceptionally()) {
      return;
    }
    boolean isFirst = node == null;
    if (master != null) {
      tellOfFailure();
      master.close();
    }
    Waiting.until(() -> leading(platform).isPresent(), ELECTION_LIMIT, "an election");
    ControlNode elected = leading(platform).orElse(node);
    if (elected == null) {
      return;
    }
    node = elected;
    bar.event(
        node.id()
            + (isFirst
                ? " is elected and leads the training"
                : " is elected and goes on from the newest checkpoint"));
    master = start.apply(node);
  }

  /** A master that cannot go on is replaced like one that is gone. */
  private void tellOfFailure() throws InterruptedException {
    if (!node.isUp() || !report().isCompletedExceptionally()) {
      return;
    }
    try {
      report().get();
    } catch (ExecutionException e) {
      bar.event("training stopped: " + e.getCause().getMessage());
      Waiting.pause(AGAIN_NANOS);
    }
  }

  @Override
  public void close() {
    if (master != null) {
      master.close();
    }
  }
}
