package io.quorate.core.wal;

import io.quorate.core.Clock;
import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Faults;
import io.quorate.core.Metrics;
import io.quorate.core.NodeId;
import io.quorate.core.storage.Storage;
import io.quorate.core.transport.Datagrams;
import io.quorate.core.transport.Transport;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * Runs every task when the test says so. Queues of different names are interleaved as a seed has
 * it; each keeps its order.
 */
final class ManualEnvironment implements Environment {
  private final Storage storage;
  private final Random order;
  private final TreeMap<String, ArrayDeque<Runnable>> queues = new TreeMap<>();
  private final TreeMap<String, ManualLoop> loops = new TreeMap<>();
  private final List<Runnable> timers = new ArrayList<>();
  private String running = "";

  ManualEnvironment(Storage storage) {
    this(storage, 0);
  }

  ManualEnvironment(Storage storage, long seed) {
    this.storage = storage;
    this.order = new Random(seed);
  }

  /** Runs until nothing is left to run. */
  void run() {
    while (runOne()) {
      // The next task.
    }
  }

  boolean runOne() {
    List<Map.Entry<String, ArrayDeque<Runnable>>> ready =
        queues.entrySet().stream().filter(queue -> !queue.getValue().isEmpty()).toList();
    if (ready.isEmpty()) {
      return false;
    }
    Map.Entry<String, ArrayDeque<Runnable>> chosen = ready.get(order.nextInt(ready.size()));
    running = chosen.getKey();
    try {
      chosen.getValue().poll().run();
    } finally {
      running = "";
    }
    return true;
  }

  /** Time passes: all that was scheduled is due. */
  void fireTimers() {
    List<Runnable> due = List.copyOf(timers);
    timers.clear();
    due.forEach(Runnable::run);
    run();
  }

  @Override
  public NodeId self() {
    return NodeId.of("n1");
  }

  @Override
  public Clock clock() {
    return new Clock() {
      @Override
      public long monotonicNanos() {
        return 0;
      }

      @Override
      public long wallMillis() {
        return 0;
      }
    };
  }

  @Override
  public EventLoop eventLoop(String name) {
    return loops.computeIfAbsent("loop " + name, ManualLoop::new);
  }

  @Override
  public Executor blockingExecutor(String name) {
    ArrayDeque<Runnable> queue = queue("executor " + name);
    return queue::add;
  }

  @Override
  public Transport transport() {
    throw new UnsupportedOperationException("the log needs no network");
  }

  @Override
  public Datagrams datagrams() {
    throw new UnsupportedOperationException("the log needs no network");
  }

  @Override
  public Storage storage() {
    return storage;
  }

  @Override
  public RandomGenerator random(String use) {
    return new Random(use.hashCode());
  }

  @Override
  public Metrics metrics() {
    return Metrics.NONE;
  }

  @Override
  public Faults faults() {
    return Faults.NONE;
  }

  @Override
  public void close() {
    queues.values().forEach(ArrayDeque::clear);
    timers.clear();
  }

  private ArrayDeque<Runnable> queue(String name) {
    return queues.computeIfAbsent(name, absent -> new ArrayDeque<>());
  }

  private final class ManualLoop implements EventLoop {
    private final String name;
    private final ArrayDeque<Runnable> queue;

    private ManualLoop(String name) {
      this.name = name;
      this.queue = queue(name);
    }

    @Override
    public void execute(Runnable task) {
      queue.add(task);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
      timers.add(task);
      return () -> timers.remove(task);
    }

    @Override
    public boolean inLoop() {
      return running.equals(name);
    }
  }
}
