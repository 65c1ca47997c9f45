package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.RefusedException;
import io.quorate.core.wal.WriteAheadLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker in this process: one core on one event loop, with a journal or without. With one, nobody
 * hears of what a command did before the command is durable.
 *
 * <p>Its time is the wall time at its start, or that of the journal if it is later, and the
 * monotonic time since, so that no lease runs out because somebody has set the clock.
 */
final class LocalBroker implements Broker {
  /** Commands that may wait; more are refused. */
  static final int MAX_WAITING = 65_536;

  /** Commands that are journalled together. */
  private static final int MAX_BATCH = 1_024;

  private static final Logger log = LoggerFactory.getLogger(LocalBroker.class);

  private record Waiting(BrokerCommand command, CompletableFuture<List<Outcome>> future) {
    void fail(RuntimeException cause) {
      future.completeExceptionally(cause);
    }
  }

  private final Environment environment;
  private final EventLoop loop;
  private final BrokerCore core;
  private final Journal journal;
  private final ConcurrentLinkedQueue<Waiting> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicBoolean drainScheduled = new AtomicBoolean();

  /** Owned by the loop. */
  private final SortedMap<String, Listener> listeners = new TreeMap<>();

  private final long startMonotonicNanos;
  private final long startMillis;
  private EventLoop.Timer timer;
  private long timerAtMillis = Long.MAX_VALUE;

  /** What was done and may not be told yet, in the order of the journal. */
  private final Deque<Held> held = new ArrayDeque<>();

  private volatile boolean closed;

  /** What some commands have led to, until they are durable. */
  private record Held(List<Waiting> commands, List<BrokerCore.Step> steps) {}

  LocalBroker(Environment environment, String name, BrokerCore core, Journal journal) {
    this.environment = environment;
    this.core = core;
    this.journal = journal;
    this.loop = environment.eventLoop("broker-" + name);
    this.startMonotonicNanos = environment.clock().monotonicNanos();
    this.startMillis = Math.max(environment.clock().wallMillis(), core.nowMillis());
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

  /** A broker on what {@code wal} holds. */
  static CompletableFuture<Broker> durable(
      Environment environment, String name, WriteAheadLog wal, long logId, long snapshotBytes) {
    CompletableFuture<Broker> opened = new CompletableFuture<>();
    EventLoop loop = environment.eventLoop("broker-" + name);
    loop.execute(
        () ->
            WalJournal.recover(environment, name, wal, logId, snapshotBytes)
                .whenComplete(
                    (recovered, failure) -> {
                      if (failure != null) {
                        opened.completeExceptionally(failure);
                        return;
                      }
                      LocalBroker broker =
                          new LocalBroker(
                              environment, name, recovered.core(), recovered.journal());
                      // Whoever was there has lost what was said meanwhile, and comes again.
                      recovered.core().sessions().forEach(
                          session -> broker.submit(new BrokerCommand.CloseSession(session)));
                      opened.complete(broker);
                    }));
    return opened;
  }

  private void drain() {
    drainScheduled.set(false);
    List<Waiting> batch = new ArrayList<>();
    for (Waiting next = inbox.poll(); next != null; next = inbox.poll()) {
      waiting.decrementAndGet();
      batch.add(next);
      if (batch.size() >= MAX_BATCH) {
        carryOut(batch);
        batch = new ArrayList<>();
      }
    }
    carryOut(batch);
    scheduleTick();
  }

  private void carryOut(List<Waiting> batch) {
    if (batch.isEmpty()) {
      return;
    }
    if (closed) {
      batch.forEach(each -> each.fail(new RefusedException("broker is closed")));
      return;
    }
    long now = nowMillis();
    CompletableFuture<Void> durable;
    try {
      durable = append(now, batch);
    } catch (RefusedException e) {
      batch.forEach(each -> each.fail(e));
      return;
    } catch (IllegalArgumentException e) {
      // One of them is larger than a record may be; the others are not to suffer from it.
      if (batch.size() == 1) {
        batch.get(0).fail(new RefusedException("command is too large for the broker's log", e));
      } else {
        batch.forEach(each -> carryOut(List.of(each)));
      }
      return;
    } catch (RuntimeException e) {
      // The disk has failed, or the log is closed: nothing can be promised any more.
      batch.forEach(each -> each.fail(new RefusedException("broker's log has failed", e)));
      fail(e);
      return;
    }
    List<BrokerCore.Step> steps = new ArrayList<>(batch.size());
    try {
      batch.forEach(each -> steps.add(core.step(now, each.command())));
    } catch (RuntimeException | AssertionError e) {
      // The state cannot be trusted any more, and the next start would come to the same.
      batch.forEach(each -> each.fail(new IndeterminateException("broker has failed", e)));
      fail(e);
      return;
    }
    held.add(new Held(batch, steps));
    durable.whenComplete((done, failure) -> release(failure));
    journal.carriedOut(core);
  }

  private CompletableFuture<Void> append(long now, List<Waiting> batch) {
    if (journal == Journal.NONE) {
      return journal.append(List.of());
    }
    return journal.append(
        batch.stream().map(each -> WalJournal.record(now, each.command())).toList());
  }

  /** The oldest of what is held is durable. */
  private void release(Throwable failure) {
    Held oldest = held.poll();
    if (oldest == null) {
      return;
    }
    if (failure != null) {
      oldest.commands().forEach(
          each -> each.fail(new IndeterminateException("broker's log has failed", failure)));
      fail(failure);
      return;
    }
    for (int i = 0; i < oldest.steps().size(); i++) {
      BrokerCore.Step step = oldest.steps().get(i);
      oldest.commands().get(i).future().complete(step.outcomes());
      tell(step.effects());
    }
  }

  private void fail(Throwable cause) {
    if (!closed) {
      log.error("broker stops", cause);
      close();
    }
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
    carryOut(List.of(new Waiting(new BrokerCommand.Tick(), new CompletableFuture<>())));
    scheduleTick();
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
          for (Held each = held.poll(); each != null; each = held.poll()) {
            each.commands().forEach(
                command -> command.fail(new IndeterminateException("broker was closed")));
          }
          List<Listener> told = List.copyOf(listeners.values());
          listeners.clear();
          told.forEach(listener -> listener.lost("broker is closed"));
        });
  }
}
