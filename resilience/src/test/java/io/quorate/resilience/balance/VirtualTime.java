package io.quorate.resilience.balance;

import io.quorate.resilience.Timer;
import java.util.Arrays;
import java.util.function.LongSupplier;

/** A clock that moves when told to, and runs what is scheduled in order of time, then of age. */
final class VirtualTime implements LongSupplier, Timer {
  private long nowNanos;
  private long offsetNanos;
  private long sequence;
  private int size;
  private long[] at = new long[1024];
  private long[] order = new long[1024];
  private Runnable[] tasks = new Runnable[1024];
  private int cancelled;

  @Override
  public long getAsLong() {
    return nowNanos + offsetNanos;
  }

  /** Has the clock jump, without a scheduled task coming nearer. */
  void jump(long nanos) {
    offsetNanos += nanos;
  }

  @Override
  public Runnable schedule(long delayNanos, Runnable task) {
    Cancellable entry = new Cancellable(task);
    after(delayNanos, entry);
    return entry::cancel;
  }

  /** Schedules what is never cancelled, without a wrapper. */
  void after(long delayNanos, Runnable task) {
    if (delayNanos < 0) {
      throw new IllegalArgumentException("delayNanos must be at least 0, was " + delayNanos);
    }
    if (size == at.length) {
      at = Arrays.copyOf(at, 2 * size);
      order = Arrays.copyOf(order, 2 * size);
      tasks = Arrays.copyOf(tasks, 2 * size);
    }
    siftUp(size++, nowNanos + delayNanos, sequence++, task);
  }

  /** Tasks that have been scheduled and neither run nor been cancelled. */
  int pending() {
    return size - cancelled;
  }

  void runFor(long nanos) {
    long end = nowNanos + nanos;
    while (size > 0 && at[0] <= end) {
      runNext();
    }
    nowNanos = end;
  }

  void runNext() {
    nowNanos = at[0];
    Runnable task = tasks[0];
    size--;
    Runnable last = tasks[size];
    tasks[size] = null;
    if (size > 0) {
      siftDown(at[size], order[size], last);
    }
    task.run();
  }

  private void siftUp(int from, long time, long age, Runnable task) {
    int i = from;
    while (i > 0) {
      int parent = i - 1 >>> 1;
      if (at[parent] <= time) {
        break;
      }
      move(parent, i);
      i = parent;
    }
    put(i, time, age, task);
  }

  private void siftDown(long time, long age, Runnable task) {
    int i = 0;
    while (true) {
      int child = 2 * i + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && before(at[child + 1], order[child + 1], at[child], order[child])) {
        child++;
      }
      if (before(time, age, at[child], order[child])) {
        break;
      }
      move(child, i);
      i = child;
    }
    put(i, time, age, task);
  }

  private static boolean before(long time, long age, long otherTime, long otherAge) {
    return time < otherTime || time == otherTime && age < otherAge;
  }

  private void move(int from, int to) {
    put(to, at[from], order[from], tasks[from]);
  }

  private void put(int i, long time, long age, Runnable task) {
    at[i] = time;
    order[i] = age;
    tasks[i] = task;
  }

  private final class Cancellable implements Runnable {
    private Runnable task;

    Cancellable(Runnable task) {
      this.task = task;
    }

    @Override
    public void run() {
      Runnable due = task;
      if (due == null) {
        cancelled--;
      } else {
        task = null;
        due.run();
      }
    }

    void cancel() {
      if (task != null) {
        task = null;
        cancelled++;
      }
    }
  }
}
