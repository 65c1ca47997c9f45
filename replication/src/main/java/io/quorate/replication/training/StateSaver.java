package io.quorate.replication.training;

import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.checkpoint.SaveProgress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves the states of a job, one at a time: if training is faster than the disk, the newest waits
 * and those before it are skipped. Belongs to the master's event loop.
 */
final class StateSaver {
  private static final Logger log = LoggerFactory.getLogger(StateSaver.class);

  private final Optional<CheckpointStore> checkpoints;
  private final TrainingOptions options;
  private final Optimizer optimizer;
  private final Executor loop;
  private final LongConsumer onSaved;
  private final Runnable onIdle;
  private boolean saving;
  private Optional<MasterCore.Save> waiting = Optional.empty();
  private Optional<Throwable> failure = Optional.empty();

  /**
   * Saves to {@code checkpoints}, if there are any.
   *
   * @param onSaved hears which step's state is durable
   * @param onIdle is called when nothing waits to be saved any more
   */
  StateSaver(
      Optional<CheckpointStore> checkpoints,
      TrainingOptions options,
      Optimizer optimizer,
      Executor loop,
      LongConsumer onSaved,
      Runnable onIdle) {
    this.checkpoints = checkpoints;
    this.options = options;
    this.optimizer = optimizer;
    this.loop = loop;
    this.onSaved = onSaved;
    this.onIdle = onIdle;
  }

  /** The newest state that was saved; {@code fresh} if there is none. */
  CompletableFuture<TrainingState> newest(TrainingState fresh) {
    if (checkpoints.isEmpty()) {
      return CompletableFuture.completedFuture(fresh);
    }
    CheckpointStore store = checkpoints.get();
    return store
        .latest()
        .thenCompose(
            newest ->
                newest.isEmpty()
                    ? CompletableFuture.completedFuture(fresh)
                    : StateShards.read(store, newest.get(), options, optimizer, fresh));
  }

  /** Whether a state is being saved or waits for that. */
  boolean isBusy() {
    return saving;
  }

  /** Why the last one that was tried could not be saved, if so. */
  Optional<Throwable> failure() {
    return failure;
  }

  void save(MasterCore.Save save) {
    if (checkpoints.isEmpty()) {
      return;
    }
    if (saving) {
      waiting.ifPresent(
          old ->
              log.info("checkpoint skipped for a newer one job={} step={}", options.job(),
                  old.step()));
      waiting = Optional.of(save);
      return;
    }
    saving = true;
    checkpoints
        .get()
        .save(
            save.step(),
            StateShards.metadata(options, optimizer),
            StateShards.shards(save.state()),
            SaveProgress.NONE)
        .whenCompleteAsync((saved, problem) -> saved(save.step(), problem), loop);
  }

  private void saved(long step, Throwable problem) {
    saving = false;
    failure = Optional.ofNullable(problem);
    if (problem == null) {
      onSaved.accept(step);
    } else {
      // Training goes on: a later checkpoint makes up for this one.
      log.warn("checkpoint failed job={} step={}", options.job(), step, problem);
    }
    Optional<MasterCore.Save> next = waiting;
    waiting = Optional.empty();
    next.ifPresentOrElse(this::save, onIdle);
  }
}
