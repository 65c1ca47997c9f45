package io.quorate.core.sim;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * A world of nodes on virtual time, made from one seed. Owned by one thread, which drives it and on
 * which everything in it runs.
 *
 * <pre>{@code
 * try (Simulation sim = Simulation.seeded(42)) {
 *   SimNode<Server> a = sim.node(NodeId.of("a"), Server::start);
 *   SimNode<Server> b = sim.node(NodeId.of("b"), Server::start);
 *   sim.check(() -> assertThat(leaders(a, b)).hasSizeLessThan(2));
 *   sim.network().isolate(a.id());
 *   sim.run(Duration.ofSeconds(10));
 *   a.crash();
 *   sim.network().heal();
 *   a.restart();
 *   sim.runUntil(() -> b.service().isReady(), Duration.ofSeconds(30));
 * }
 * }</pre>
 *
 * <p>How it works. A queue holds what is due, ordered by virtual time and, at the same time, by
 * chance. Taking the next event moves time to it. A loop runs its tasks in order, each as an event.
 * A task of a {@linkplain Environment#blockingExecutor blocking executor} runs in one piece when it
 * starts; each storage call in it takes virtual time, and what it posts or sends leaves only then.
 * Code must never wait (join, get, sleep): there is nobody else who could go on.
 *
 * <p>An exception that a task lets escape fails the run, and so does a violated {@link Invariant};
 * {@link SimulationFailure} says when and by which seed.
 *
 * @see <a href="https://apple.github.io/foundationdb/testing.html">FoundationDB, simulation</a>
 */
public final class Simulation implements AutoCloseable {
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 4;
  private static final int STALE_TIMERS = 4_096;

  private final SimulationOptions options;
  private final SeededRandom chance;
  private final PriorityQueue<Event> queue = new PriorityQueue<>(1_024);
  private final TreeMap<NodeId, SimNode<?>> nodes = new TreeMap<>();
  private final List<Invariant> invariants = new ArrayList<>();
  private final Digest digest = new Digest();
  private final Probes probes = new Probes();
  private final SimNetwork network;

  private long timeNanos;
  private long elapsedNanos;
  private long sequence;
  private long eventCount;
  private int cancelledTimers;
  private SimLoop currentLoop;
  private SimEnvironment blocking;
  private SimulationFailure failure;
  private Predicate<RuntimeException> tolerated = problem -> false;
  private Consumer<String> tracer;
  private boolean buggifying;

  private Simulation(SimulationOptions options) {
    this.options = options;
    this.buggifying = options.buggify();
    this.chance = SeededRandom.of(options.seed(), "scheduler");
    this.network = new SimNetwork(this, options.network());
  }

  /** A world with the default network and disks. */
  public static Simulation seeded(long seed) {
    return of(SimulationOptions.seeded(seed));
  }

  public static Simulation of(SimulationOptions options) {
    return new Simulation(options);
  }

  public long seed() {
    return options.seed();
  }

  /**
   * Makes a node and starts it.
   *
   * @param boot what runs when the process starts, now and at each restart, with a fresh
   *     environment; it may use storage directly, as a main method would. What it returns is {@link
   *     SimNode#service}, closed by {@link SimNode#stop} if it is {@link AutoCloseable}
   * @throws IllegalArgumentException if there is a node of that id
   */
  public <T> SimNode<T> node(NodeId id, Function<Environment, T> boot) {
    if (nodes.containsKey(id)) {
      throw new IllegalArgumentException("node " + id + " exists already");
    }
    SimNode<T> node = new SimNode<>(this, id, nodes.size(), boot);
    nodes.put(id, node);
    network.addHost(node);
    node.restart();
    return node;
  }

  /** Makes a node that runs nothing by itself, and returns its environment. */
  public Environment environment(NodeId id) {
    return node(id, environment -> environment).service();
  }

  /**
   * The node of that id.
   *
   * @throws IllegalArgumentException if there is none
   */
  public SimNode<?> node(NodeId id) {
    SimNode<?> node = nodes.get(id);
    if (node == null) {
      throw new IllegalArgumentException("no node " + id);
    }
    return node;
  }

  /** All nodes, by id. */
  public List<SimNode<?>> nodes() {
    return List.copyOf(nodes.values());
  }

  public SimNetwork network() {
    return network;
  }

  /** Which points of the code this run has reached. */
  public Probes probes() {
    return probes;
  }

  /** A stream of chance for the test itself. */
  public RandomGenerator random(String use) {
    return random(use, "test");
  }

  /** Virtual nanoseconds since the beginning; in blocking work, with its storage time so far. */
  public long nowNanos() {
    return timeNanos + elapsedNanos;
  }

  /** How many events have happened. */
  public long eventCount() {
    return eventCount;
  }

  /** A hash over all events so far: equal for equal seeds, in every process, on every release. */
  public long digest() {
    return digest.value();
  }

  /**
   * Has every event told to {@code listener}: its time in nanoseconds, number, kind and node. Equal
   * seeds tell the same lines.
   */
  public void trace(Consumer<String> listener) {
    tracer = listener;
  }

  /** Has {@code invariant} verified now and after every event. */
  public void check(Invariant invariant) {
    invariants.add(invariant);
    verify(invariant);
  }

  /** Runs {@code action} once {@code delay} of virtual time has passed. */
  public void at(Duration delay, Runnable action) {
    enqueue(new Task(Event.Kind.DRIVER, null, action), nowNanos() + delay.toNanos());
  }

  /** Runs {@code action} every {@code period}, the first time after one. */
  public void every(Duration period, Runnable action) {
    SimulationOptions.positiveNanos(period, "period");
    at(
        period,
        () -> {
          action.run();
          every(period, action);
        });
  }

  /**
   * Lets {@code duration} of virtual time pass.
   *
   * @throws SimulationFailure if an invariant or a task failed
   */
  public void run(Duration duration) {
    long limitNanos = timeNanos + duration.toNanos();
    while (step(limitNanos)) {
      throwFailure();
    }
    timeNanos = limitNanos;
    throwFailure();
  }

  /**
   * Runs until {@code condition} holds.
   *
   * @param limit of virtual time
   * @throws SimulationFailure if {@code limit} passes before, or an invariant or a task failed
   */
  public void runUntil(BooleanSupplier condition, Duration limit) {
    long limitNanos = timeNanos + limit.toNanos();
    throwFailure();
    while (!condition.getAsBoolean()) {
      if (!step(limitNanos)) {
        timeNanos = limitNanos;
        fail("not within " + limit + whoIsDown(), null);
      }
      throwFailure();
    }
  }

  /**
   * Runs until {@code future} is complete, and returns its value.
   *
   * @param limit of virtual time
   * @throws SimulationFailure if {@code limit} passes before, or an invariant or a task failed
   * @throws CompletionException if the future failed
   */
  public <T> T await(CompletableFuture<T> future, Duration limit) {
    runUntil(future::isDone, limit);
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError("a completed future does not wait", e);
    }
  }

  /** Stops all nodes as by a loss of power. Further use is undefined. */
  @Override
  public void close() {
    nodes.values().forEach(node -> node.halt(true));
    queue.clear();
  }

  /** Whether {@link io.quorate.core.Faults#buggify} may be true from now on. */
  public void buggify(boolean buggify) {
    buggifying = buggify;
  }

  boolean isBuggifying() {
    return buggifying;
  }

  SimulationOptions options() {
    return options;
  }

  SeededRandom random(String use, String whose) {
    return SeededRandom.of(options.seed(), whose + "/" + use);
  }

  Digest digestOfTrace() {
    return digest;
  }

  /** The time of the current event. */
  long timeNanos() {
    return timeNanos;
  }

  /** How long the current blocking work has taken so far. */
  long elapsedNanos() {
    return elapsedNanos;
  }

  /** {@link #nowNanos}, and later with each call inside one piece of blocking work. */
  long stampNanos() {
    return elapsedNanos == 0 ? timeNanos : timeNanos + elapsedNanos++;
  }

  /** The moment that a task waits for its virtual thread. */
  long dispatchNanos() {
    return 1 + (chance.nextLong() & 0x7ff);
  }

  SimLoop currentLoop() {
    return currentLoop;
  }

  void schedule(long dueNanos, SimEnvironment owner, Event.Kind kind, Runnable action) {
    enqueue(new Task(kind, owner, action), dueNanos);
  }

  void enqueue(Event event, long dueNanos) {
    event.timeNanos = Math.min(FOREVER_NANOS, Math.max(timeNanos, dueNanos));
    event.tieBreak = chance.nextLong() >>> 1;
    event.sequence = sequence++;
    queue.add(event);
  }

  /** Puts back what a pause held up, before all else that is due now, in the order it was held. */
  void enqueueFirst(Event event) {
    event.timeNanos = timeNanos;
    event.tieBreak = -1;
    event.sequence = sequence++;
    queue.add(event);
  }

  void timerCancelled() {
    if (++cancelledTimers > STALE_TIMERS && cancelledTimers > queue.size() / 2) {
      queue.removeIf(event -> event.cancelled);
      cancelledTimers = 0;
    }
  }

  void runOnLoop(SimLoop loop, Runnable task) {
    SimLoop outer = currentLoop;
    currentLoop = loop;
    try {
      task.run();
    } catch (Throwable e) {
      uncaught(loop.owner, e);
    } finally {
      currentLoop = outer;
    }
  }

  /** Runs work that may block; returns how much virtual time its storage calls took. */
  long runBlocking(SimEnvironment environment, Runnable task) {
    SimLoop outerLoop = currentLoop;
    SimEnvironment outerBlocking = blocking;
    long outerElapsedNanos = elapsedNanos;
    currentLoop = null;
    blocking = environment;
    try {
      task.run();
    } catch (Throwable e) {
      uncaught(environment, e);
    } finally {
      currentLoop = outerLoop;
      blocking = outerBlocking;
    }
    long busyNanos = elapsedNanos - outerElapsedNanos;
    elapsedNanos = outerElapsedNanos;
    return busyNanos;
  }

  /** A storage call takes time if it comes from blocking work; on a loop it is a mistake. */
  void spend(long nanos, String what) {
    if (currentLoop != null) {
      throw new IllegalStateException(what + " on an event loop, which must not block");
    }
    if (blocking != null) {
      elapsedNanos += nanos;
    }
  }

  /**
   * Lets what {@code tolerated} accepts escape from tasks and handlers without failing the run: it
   * is dropped, as a real loop logs it and goes on. Errors fail the run in any case.
   */
  public void tolerate(Predicate<RuntimeException> tolerated) {
    this.tolerated = tolerated;
  }

  /** What a task let escape: the end of the run, unless its process had just died. */
  void uncaught(SimEnvironment environment, Throwable e) {
    if (e instanceof NodeCrashed || !environment.isAlive() && !(e instanceof AssertionError)) {
      return;
    }
    if (e instanceof RuntimeException problem && tolerated.test(problem)) {
      return;
    }
    fail("uncaught on " + environment.self() + ": " + e, e);
  }

  void fail(String what, Throwable cause) {
    if (failure == null) {
      failure = new SimulationFailure(options.seed(), nowNanos(), eventCount, what, cause);
    }
  }

  void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  private boolean step(long limitNanos) {
    Event event = queue.peek();
    if (event == null || event.timeNanos > limitNanos) {
      return false;
    }
    queue.remove();
    if (event.isMoot()) {
      return true;
    }
    timeNanos = event.timeNanos;
    if (event.node != null && event.node.holds(event)) {
      return true;
    }
    if (++eventCount > options.maxEvents()) {
      fail("more than " + options.maxEvents() + " events", null);
      return false;
    }
    digest.add(
        timeNanos,
        event.kind.ordinal() + (event.node == null ? 0 : 16L * (event.node.number() + 1)),
        event.detail());
    if (tracer != null) {
      tracer.accept(
          timeNanos + " " + eventCount + " " + event.kind
              + (event.node == null ? "" : " " + event.node.id()));
    }
    try {
      event.happen();
    } catch (NodeCrashed e) {
      // The process that the event belonged to is gone; the world goes on.
    } catch (Throwable e) {
      fail("failed: " + e, e);
    }
    for (int i = 0; i < invariants.size(); i++) {
      verify(invariants.get(i));
    }
    return true;
  }

  private String whoIsDown() {
    StringBuilder text = new StringBuilder();
    for (SimNode<?> node : nodes.values()) {
      if (!node.isRunning()) {
        text.append("; ").append(node.id()).append(" is down");
        node.bootFailure().ifPresent(problem -> text.append(": ").append(problem));
      }
    }
    return text.toString();
  }

  private void verify(Invariant invariant) {
    try {
      invariant.verify();
    } catch (Throwable e) {
      fail("invariant violated: " + e.getMessage(), e);
    }
  }

  private static final class Task extends Event {
    private final Runnable action;

    Task(Kind kind, SimEnvironment owner, Runnable action) {
      super(kind, owner, owner == null ? null : owner.node());
      this.action = action;
    }

    @Override
    void happen() {
      action.run();
    }
  }
}
