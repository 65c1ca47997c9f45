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
 *
 * <p>Needs memory for the parameters, and for each lane for a gradient and an encoded result; with
 * local steps for two vectors more, and with a stateful codec for a residual of each of its shards.
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
   * Starts to work. Returns at once. Closing {@code environment} stops it too, without a good-bye.
   *
   * @param environment of this node; on one node there is one master or worker of a job
   * @param options the same as the master's, else it refuses this worker
   * @param parameters how many there are; at least 1, and as many as the master has
   * @param function computes gradients; called by {@code parallelism} threads at once
   * @param batches the data; called by the same threads
   * @param master who leads the job now, as far as is known here; asked again and again on the
   *     worker's event loop, so must not block
   * @param parallelism shards computed at once, each in a lane with a thread of its own; 1 to 256
   * @throws IllegalArgumentException if {@code parameters} or {@code parallelism} is out of its
   *     range
   * @throws IllegalStateException if this node has another master or worker of the job
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
   * Completes on the worker's event loop when the master says that the job is over, well or badly,
   * or after {@link #close}; fails with {@link TrainingException} if the master refuses this
   * worker. To cancel the future changes nothing.
   */
  public CompletableFuture<Void> finished() {
    return finished.copy();
  }

  /**
   * Stops working, soon after it returns; the master gives what was under way to others. A gradient
   * that is being computed is not interrupted, but told by {@link StepContext#cancelled}. May be
   * called twice, from any thread.
   */
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
