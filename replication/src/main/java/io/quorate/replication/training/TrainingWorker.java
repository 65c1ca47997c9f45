package io.quorate.replication.training;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * A node that computes gradients for a job. It may start before the master, stop at any time, and
 * be many; a new master is found by asking who it is. Safe for use by many threads.
 */
public final class TrainingWorker implements AutoCloseable {
  private final EventLoop loop;
  private final Endpoint endpoint;
  private final MasterLink link;
  private final List<WorkerLane<?>> lanes = new ArrayList<>();
  private final CompletableFuture<Void> finished = new CompletableFuture<>();

  private TrainingWorker(EventLoop loop, Endpoint endpoint, MasterLink link) {
    this.loop = loop;
    this.endpoint = endpoint;
    this.link = link;
  }

  /**
   * Starts to work.
   *
   * @param parameters how many there are
   * @param master who leads the job now, as far as is known here; asked again and again
   * @param parallelism shards computed at once, each on a thread of its own; 1 to 256
   */
  public static <B> TrainingWorker start(
      Environment environment,
      TrainingOptions options,
      int parameters,
      GradientFunction<B> function,
      BatchSource<B> batches,
      Supplier<Optional<NodeId>> master,
      int parallelism) {
    if (parameters < 1) {
      throw new IllegalArgumentException("parameters must be at least 1, was " + parameters);
    }
    if (parallelism < 1 || parallelism > 256) {
      throw new IllegalArgumentException("parallelism must be 1 to 256, was " + parallelism);
    }
    EventLoop loop = environment.eventLoop("training");
    Endpoint endpoint = environment.transport().open(options.service(), loop, Handler.NONE);
    MasterLink link = new MasterLink(endpoint, options, parameters, parallelism, master);
    TrainingWorker worker = new TrainingWorker(loop, endpoint, link);
    for (int lane = 0; lane < parallelism; lane++) {
      ShardComputer<B> computer = new ShardComputer<>(options, parameters, function, batches);
      WorkerLane<B> next =
          new WorkerLane<>(environment, loop, link, computer, lane, worker.finished);
      worker.lanes.add(next);
      loop.execute(next::begin);
    }
    return worker;
  }

  /**
   * Completes on the worker's event loop when the master says that the job is done; fails with
   * {@link TrainingException} if the master refuses this worker.
   */
  public CompletableFuture<Void> finished() {
    return finished.copy();
  }

  /** Stops working; the master gives what was under way to others. May be called twice. */
  @Override
  public void close() {
    try {
      loop.execute(
          () -> {
            lanes.forEach(WorkerLane::stop);
            // Whether the master has heard or not: it would find out by itself.
            link.sayGoodBye().whenComplete((answer, failure) -> endpoint.close());
            finished.complete(null);
          });
    } catch (RejectedExecutionException e) {
      // The environment has closed, and this with it.
      finished.complete(null);
    }
  }
}
