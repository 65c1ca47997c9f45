package io.quorate.examples.training;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;

/** The workers of one job, each with an environment of its own. Belongs to one thread. */
public final class Workers<X> implements AutoCloseable {
  private final TrainingOptions options;
  private final Task<X> task;
  private final Function<NodeId, Environment> open;
  private final Supplier<Optional<NodeId>> master;
  private final List<Environment> environments = new ArrayList<>();
  private final List<TrainingWorker> workers = new ArrayList<>();

  /**
   * No workers yet.
   *
   * @param open makes the environment of a worker, which knows the addresses of all masters
   * @param master who leads now
   */
  public Workers(
      TrainingOptions options,
      Task<X> task,
      Function<NodeId, Environment> open,
      Supplier<Optional<NodeId>> master) {
    this.options = options;
    this.task = task;
    this.open = open;
    this.master = master;
  }

  /** Starts a worker, called w and its number. */
  public void start() {
    start(task.gradient());
  }

  /** Starts a worker that computes the same, but late: a straggler. */
  public void startSlow(long delayMillis) {
    start(
        (parameters, batch, gradientSum, context) -> {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(delayMillis));
          return task.gradient().compute(parameters, batch, gradientSum, context);
        });
  }

  private void start(GradientFunction<List<X>> gradient) {
    Environment environment = open.apply(NodeId.of("w" + workers.size()));
    environments.add(environment);
    workers.add(
        TrainingWorker.start(
            environment, options, task.initial().length, gradient, task.batches(), master, 1));
  }

  /** Ends a worker at once, as a kill does: nothing is said to anybody. */
  public void kill(int number) {
    environments.get(number).close();
  }

  /** Ends all of them. */
  @Override
  public void close() {
    environments.forEach(Environment::close);
  }
}
