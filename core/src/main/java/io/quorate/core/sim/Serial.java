package io.quorate.core.sim;

import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;

/**
 * Tasks of one virtual thread, run one after the other, each as an event of its own.
 *
 * <p>What the driver or a loop posts is queued at once. What a worker posts is queued when the
 * worker's storage calls so far have had their time.
 */
abstract class Serial {
  final SimEnvironment owner;
  final Simulation simulation;
  private final ArrayDeque<Runnable> ready = new ArrayDeque<>();
  private boolean scheduled;
  private long freeNanos;

  Serial(SimEnvironment owner) {
    this.owner = owner;
    this.simulation = owner.simulation();
  }

  abstract Event.Kind kind();

  /** Runs one task; returns for how long it keeps this virtual thread busy. */
  abstract long perform(Runnable task);

  final void post(Runnable task) {
    if (task == null) {
      throw new NullPointerException("task");
    }
    if (!owner.isAlive()) {
      throw new RejectedExecutionException("environment of " + owner.self() + " is closed");
    }
    if (simulation.elapsedNanos() == 0) {
      enqueue(task);
    } else {
      simulation.schedule(
          simulation.stampNanos(), owner, Event.Kind.TASK, () -> enqueue(task));
    }
  }

  /** Runs {@code task} now, as part of the current event, unless others wait before it. */
  final void fire(Runnable task) {
    if (scheduled || simulation.timeNanos() < freeNanos) {
      enqueue(task);
    } else {
      run(task);
    }
  }

  private void enqueue(Runnable task) {
    ready.add(task);
    if (!scheduled) {
      scheduleNext();
    }
  }

  private void scheduleNext() {
    scheduled = true;
    simulation.schedule(
        Math.max(simulation.timeNanos(), freeNanos) + simulation.dispatchNanos(),
        owner,
        kind(),
        this::runNext);
  }

  private void runNext() {
    run(ready.remove());
  }

  private void run(Runnable task) {
    scheduled = true;
    freeNanos = simulation.timeNanos() + perform(task);
    scheduled = false;
    if (!ready.isEmpty()) {
      scheduleNext();
    }
  }
}
