package io.quorate.replication.training;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One work place of a worker: asks for work, computes it on a thread of its own, hands it in,
 * begins again. Whatever goes wrong on the way, it asks again after a while.
 */
final class WorkerLane<B> {
  private static final Logger log = LoggerFactory.getLogger(WorkerLane.class);
  private static final long PAUSE_NANOS = 50_000_000;
  private static final int MAX_REASON = 500;

  private final Environment environment;
  private final EventLoop loop;
  private final MasterLink link;
  private final ShardComputer<B> computer;
  private final int lane;
  private final CompletableFuture<Void> finished;
  private final Executor threads;
  private volatile boolean stopped;
  private volatile Optional<Work> current = Optional.empty();

  WorkerLane(
      Environment environment,
      EventLoop loop,
      MasterLink link,
      ShardComputer<B> computer,
      int lane,
      CompletableFuture<Void> finished) {
    this.environment = environment;
    this.loop = loop;
    this.link = link;
    this.computer = computer;
    this.lane = lane;
    this.finished = finished;
    this.threads = environment.blockingExecutor("training-worker-" + lane);
  }

  void begin() {
    if (stopped) {
      return;
    }
    link.joined()
        .thenCompose(joined -> link.ask(new TrainingMessage.Poll(link.term(), lane)))
        .thenCompose(this::act)
        .whenComplete((outcome, failure) -> next(failure));
  }

  void stop() {
    stopped = true;
    current = Optional.empty();
  }

  private void next(Throwable failure) {
    current = Optional.empty();
    if (stopped) {
      return;
    }
    if (failure == null) {
      begin();
      return;
    }
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof MasterLink.RejectedWorkerException) {
      stop();
      finished.completeExceptionally(new TrainingException(cause.getMessage(), cause));
      return;
    }
    if (cause instanceof MasterLink.OverException) {
      begin();
      return;
    }
    log.debug("asking again node={} lane={}", environment.self(), lane, cause);
    link.leave();
    loop.schedule(PAUSE_NANOS, this::begin);
  }

  private CompletableFuture<Void> act(TrainingMessage answer) {
    if (answer instanceof TrainingMessage.Task task) {
      return work(task);
    }
    if (answer instanceof TrainingMessage.JoinAgain) {
      link.leave();
    } else if (answer instanceof TrainingMessage.Finished) {
      stop();
      finished.complete(null);
    } else if (!(answer instanceof TrainingMessage.Idle)) {
      return CompletableFuture.failedFuture(
          new TrainingException("master answered a poll with " + answer));
    }
    return CompletableFuture.completedFuture(null);
  }

  private CompletableFuture<Void> work(TrainingMessage.Task task) {
    Work work = task.work();
    current = Optional.of(work);
    keepAlive(work);
    SharedModel model = link.model(task.version());
    return model.arrived()
        .thenCombine(
            link.residualOf(work.step(), work.shard()),
            (values, residual) -> compute(task, values, residual))
        .thenCompose(computed -> computed)
        .whenComplete((result, failure) -> model.release())
        .thenCompose(result -> handIn(work, result));
  }

  private CompletableFuture<Optional<ShardComputer.Computed>> compute(
      TrainingMessage.Task task, float[] model, float[] residual) {
    Work work = task.work();
    CompletableFuture<Optional<ShardComputer.Computed>> done = new CompletableFuture<>();
    threads.execute(
        () -> {
          Optional<ShardComputer.Computed> result = Optional.empty();
          String problem = "";
          try {
            result =
                Optional.of(
                    computer.compute(
                        work, model, residual, task.checkpoint(), () -> !isCurrent(work)));
          } catch (Throwable e) {
            // The user's code: its failure is the master's to judge, and no reason to stop working.
            // Errors too: nobody else would hear of them.
            problem = String.valueOf(e);
            log.warn("gradient failed node={} step={} shard={}", environment.self(), work.step(),
                work.shard(), e);
          }
          Optional<ShardComputer.Computed> outcome = result;
          String reason = problem.substring(0, Math.min(MAX_REASON, problem.length()));
          loop.execute(
              () -> {
                outcome.ifPresent(
                    computed ->
                        link.remember(work.step(), work.shard(), residual, computed.residual()));
                if (outcome.isEmpty()) {
                  link.ask(new TrainingMessage.Failed(work, reason))
                      .whenComplete((told, failure) -> done.complete(outcome));
                } else {
                  done.complete(outcome);
                }
              });
        });
    return done;
  }

  private CompletableFuture<Void> handIn(
      Work work, Optional<ShardComputer.Computed> result) {
    if (result.isEmpty() || !isCurrent(work)) {
      return CompletableFuture.completedFuture(null);
    }
    return link.deliver(work, result.get());
  }

  /** Tells the master that this is taking time but not forgotten; learns whether it is in vain. */
  private void keepAlive(Work work) {
    long period = link.options().limits().workerTimeout().toNanos() / 4;
    loop.schedule(
        period,
        () -> {
          if (isCurrent(work)) {
            link.ask(new TrainingMessage.Busy(work))
                .thenAccept(
                    answer -> {
                      if (answer instanceof TrainingMessage.Stale && isCurrent(work)) {
                        current = Optional.empty();
                      }
                    });
            keepAlive(work);
          }
        });
  }

  private boolean isCurrent(Work work) {
    return current.isPresent() && current.get().equals(work);
  }
}
