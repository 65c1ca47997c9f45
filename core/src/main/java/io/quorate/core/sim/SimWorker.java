package io.quorate.core.sim;

import java.util.concurrent.Executor;

/**
 * A thread for blocking work on virtual time. A task runs in one piece at its start; the storage
 * calls it makes take virtual time, during which the worker is busy and its results are on the way.
 */
final class SimWorker extends Serial implements Executor {
  SimWorker(SimEnvironment owner) {
    super(owner);
  }

  @Override
  Event.Kind kind() {
    return Event.Kind.WORK;
  }

  @Override
  long perform(Runnable task) {
    return simulation.runBlocking(owner, task);
  }

  @Override
  public void execute(Runnable task) {
    post(task);
  }
}
