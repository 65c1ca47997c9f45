package io.quorate.resilience;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;

/** A clock and timer that move only when told to. For one thread. */
public final class VirtualTime implements LongSupplier, Timer {
  private record Task(long dueNanos, long sequence, Runnable action) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(
          Comparator.comparingLong(Task::dueNanos).thenComparingLong(Task::sequence));
  private long nowNanos;
  private long scheduled;

  public VirtualTime() {
    this(0);
  }

  public VirtualTime(long startNanos) {
    nowNanos = startNanos;
  }

  @Override
  public long getAsLong() {
    return nowNanos;
  }

  @Override
  public Runnable schedule(long delayNanos, Runnable task) {
    if (delayNanos < 0) {
      throw new IllegalArgumentException("delayNanos must not be negative, was " + delayNanos);
    }
    Task entry = new Task(nowNanos + delayNanos, scheduled++, task);
    tasks.add(entry);
    return () -> tasks.remove(entry);
  }

  /** Sleeping is what moves the clock of a synchronous caller. */
  @Override
  public void sleep(long nanos) {
    advance(nanos);
  }

  /** Moves the clock on, running what falls due at the instant it falls due. */
  public void advance(long nanos) {
    long untilNanos = nowNanos + nanos;
    while (!tasks.isEmpty() && tasks.peek().dueNanos <= untilNanos) {
      Task next = tasks.poll();
      nowNanos = Math.max(nowNanos, next.dueNanos);
      next.action.run();
    }
    nowNanos = Math.max(nowNanos, untilNanos);
  }

  /** Runs tasks until none is left. */
  public void runAll() {
    while (!tasks.isEmpty()) {
      advance(Math.max(0, tasks.peek().dueNanos - nowNanos));
    }
  }

  /** Sets the clock to any value, running nothing: a suspended or stepping machine. */
  public void jumpTo(long nanos) {
    nowNanos = nanos;
  }

  /** Tasks that are still to run. */
  public int pendingCount() {
    return tasks.size();
  }
}
