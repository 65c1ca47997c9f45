package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A broker in this process: one core on one event loop. What it holds is gone with the process.
 *
 * <p>Its time is the wall time at its start and the monotonic time since, so that no lease runs out
 * because somebody has set the clock.
 */
final class LocalBroker implements Broker {
  /** Commands that may wait; more are refused. */
  static final int MAX_WAITING = 65_536;

  private record Waiting(BrokerCommand command, CompletableFuture<List<Outcome>> future) {}

  private final Environment environment;
  private final EventLoop loop;
  private final BrokerCore core = new BrokerCore();
  private final ConcurrentLinkedQueue<Waiting> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicBoolean drainScheduled = new AtomicBoolean();

  /** Owned by the loop. */
  private final SortedMap<String, Listener> listeners = new TreeMap<>();

  private final long startMonotonicNanos;
  private final long startMillis;
  private EventLoop.Timer timer;
  private long timerAtMillis = Long.MAX_VALUE;
  private volatile boolean closed;

  LocalBroker(Environment environment, String name) {
    this.environment = environment;
    this.loop = environment.eventLoop("broker-" + name);
    this.startMonotonicNanos = environment.clock().monotonicNanos();
    this.startMillis = environment.clock().wallMillis();
    environment.metrics().gauge("broker_waiting_commands", waiting::get, "broker", name);
  }

  private long nowMillis() {
    long passedNanos = environment.clock().monotonicNanos() - startMonotonicNanos;
    return startMillis + TimeUnit.NANOSECONDS.toMillis(passedNanos);
  }

  @Override
  public CompletableFuture<List<Outcome>> submit(BrokerCommand command) {
    CompletableFuture<List<Outcome>> future = new CompletableFuture<>();
    if (waiting.incrementAndGet() > MAX_WAITING) {
      waiting.decrementAndGet();
      future.completeExceptionally(
          new RefusedException("more than " + MAX_WAITING + " commands wait for the broker"));
      return future;
    }
    inbox.add(new Waiting(command, future));
    scheduleDrain();
    return future;
  }

  private void scheduleDrain() {
    if (!drainScheduled.compareAndSet(false, true)) {
      return;
    }
    try {
      loop.execute(this::drain);
    } catch (RejectedExecutionException e) {
      // The environment is closed, and the loop with it: nobody else touches this any more.
      drain();
    }
  }

  private void drain() {
    drainScheduled.set(false);
    for (Waiting next = inbox.poll(); next != null; next = inbox.poll()) {
      waiting.decrementAndGet();
      if (closed) {
        next.future().completeExceptionally(new RefusedException("broker is closed"));
      } else {
        BrokerCore.Step step = core.step(nowMillis(), next.command());
        next.future().complete(step.outcomes());
        tell(step.effects());
      }
    }
    scheduleTick();
  }

  /** Tells each session what is for it, in order. */
  private void tell(List<BrokerEffect> effects) {
    for (int from = 0; from < effects.size(); ) {
      String session = effects.get(from).session();
      int to = from + 1;
      while (to < effects.size() && effects.get(to).session().equals(session)) {
        to++;
      }
      Listener listener = listeners.get(session);
      if (listener != null) {
        listener.heard(new ArrayList<>(effects.subList(from, to)));
      }
      from = to;
    }
  }

  private void scheduleTick() {
    OptionalLong next = core.nextDeadlineMillis();
    if (closed || next.isEmpty() || next.getAsLong() >= timerAtMillis) {
      return;
    }
    if (timer != null) {
      timer.cancel();
    }
    timerAtMillis = next.getAsLong();
    long delayMillis = Math.max(1, timerAtMillis - nowMillis());
    timer = loop.schedule(TimeUnit.MILLISECONDS.toNanos(delayMillis), this::tick);
  }

  private void tick() {
    timerAtMillis = Long.MAX_VALUE;
    if (!closed) {
      tell(core.step(nowMillis(), new BrokerCommand.Tick()).effects());
      scheduleTick();
    }
  }

  @Override
  public void listen(String session, Listener listener) {
    onLoop(() -> listeners.put(session, listener));
  }

  @Override
  public void forget(String session) {
    onLoop(() -> listeners.remove(session));
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  @Override
  public void close() {
    closed = true;
    onLoop(
        () -> {
          if (timer != null) {
            timer.cancel();
          }
          drain();
          List<Listener> told = List.copyOf(listeners.values());
          listeners.clear();
          told.forEach(listener -> listener.lost("broker is closed"));
        });
  }
}
