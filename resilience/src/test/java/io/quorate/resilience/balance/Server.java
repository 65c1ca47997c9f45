package io.quorate.resilience.balance;

import java.util.ArrayDeque;

/** A replica of the simulated service: some slots, a queue without bound, and ways to go wrong. */
final class Server {
  /** One attempt at a server. */
  interface Work {
    /** Called at the server's virtual time, once, unless the work was cancelled in the queue. */
    void served(boolean success);

    boolean cancelled();
  }

  final String name;
  final String zone;
  private final int slots;
  private final VirtualTime time;
  private final Chance chance;
  private final ArrayDeque<Work> queue = new ArrayDeque<>();
  private int busy;
  private long frozenFromNanos;
  private long frozenUntilNanos;

  double slowness = 1;
  boolean failsFast;
  /** Takes everything and answers nothing. */
  boolean lost;
  /** Refuses, and fails what was in progress. */
  boolean crashed;
  long served;

  Server(String name, String zone, int slots, VirtualTime time, Chance chance) {
    this.name = name;
    this.zone = zone;
    this.slots = slots;
    this.time = time;
    this.chance = chance;
  }

  void accept(Work work) {
    served++;
    if (lost) {
      return;
    }
    if (failsFast || crashed) {
      time.after(100_000, () -> work.served(false));
    } else if (busy < slots) {
      serve(work);
    } else {
      queue.add(work);
    }
  }

  private void serve(Work work) {
    busy++;
    long nanos = (long) (chance.serviceNanos() * slowness);
    long stalled = Math.max(0, frozenUntilNanos - time.getAsLong());
    time.after(nanos + stalled, new Service(work));
  }

  /** Work in progress; a freeze that begins meanwhile prolongs it by its length. */
  private final class Service implements Runnable {
    private final Work work;
    private final long startNanos = time.getAsLong();
    private boolean prolonged;

    Service(Work work) {
      this.work = work;
    }

    @Override
    public void run() {
      if (!prolonged && startNanos < frozenFromNanos && frozenFromNanos <= time.getAsLong()) {
        prolonged = true;
        time.after(frozenUntilNanos - frozenFromNanos, this);
        return;
      }
      busy--;
      if (!lost) {
        work.served(!crashed);
      }
      Work next = queue.poll();
      while (next != null && next.cancelled()) {
        next = queue.poll();
      }
      if (next != null) {
        serve(next);
      }
    }
  }

  void freeze(long nanos) {
    frozenFromNanos = time.getAsLong();
    frozenUntilNanos = frozenFromNanos + nanos;
  }
}
