package io.quorate.core.sim;

import io.quorate.core.EventLoop;

/** An event loop on virtual time. */
final class SimLoop extends Serial implements EventLoop {
  /** Some seventy years: no simulation gets there, and sums with it do not overflow. */
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 4;

  SimLoop(SimEnvironment owner) {
    super(owner);
  }

  @Override
  Event.Kind kind() {
    return Event.Kind.TASK;
  }

  @Override
  long perform(Runnable task) {
    simulation.runOnLoop(this, task);
    return 0;
  }

  @Override
  public void execute(Runnable task) {
    post(task);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    if (delayNanos < 0) {
      throw new IllegalArgumentException("delay must not be negative, was " + delayNanos);
    }
    owner.requireAlive();
    SimClock clock = owner.node().clock();
    long boundedNanos = Math.min(delayNanos, FOREVER_NANOS);
    TimerEvent event = new TimerEvent(clock, clock.elapsedNanos() + boundedNanos, task);
    simulation.enqueue(event, simulation.stampNanos() + clock.toGlobal(boundedNanos));
    return event;
  }

  @Override
  public boolean inLoop() {
    return simulation.currentLoop() == this;
  }

  private final class TimerEvent extends Event implements Timer {
    private final SimClock clock;
    private final long dueNanos;
    private final Runnable task;

    TimerEvent(SimClock clock, long dueNanos, Runnable task) {
      super(Kind.TIMER, SimLoop.this.owner, SimLoop.this.owner.node());
      this.clock = clock;
      this.dueNanos = dueNanos;
      this.task = task;
    }

    @Override
    void happen() {
      long earlyNanos = dueNanos - clock.elapsedNanos();
      if (earlyNanos > 0) {
        simulation.enqueue(this, simulation.timeNanos() + clock.toGlobal(earlyNanos));
      } else {
        fire(this::runUnlessCancelled);
      }
    }

    private void runUnlessCancelled() {
      if (!cancelled) {
        cancelled = true;
        task.run();
      }
    }

    @Override
    public void cancel() {
      if (!cancelled) {
        cancelled = true;
        simulation.timerCancelled();
      }
    }
  }
}
