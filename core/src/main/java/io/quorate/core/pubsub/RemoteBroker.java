package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The broker of another node. Commands are numbered and repeated until they are answered or their
 * time is up; the host carries each out once. Owned by one event loop.
 *
 * <p>A command fails as refused if it was never sent, or the host never took it; if it may have
 * been taken, as indeterminate.
 */
final class RemoteBroker implements Broker {
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int MAX_WAITING = 65_536;

  /** A command on its way. */
  private static final class Pending {
    final BrokerCommand command;
    final CompletableFuture<List<Outcome>> future = new CompletableFuture<>();
    final long deadlineNanos;
    byte[] bytes;
    long number;
    boolean maybeTaken;

    /** Whether a request for it waits for an answer. */
    boolean asked;

    Pending(BrokerCommand command, long deadlineNanos) {
      this.command = command;
      this.deadlineNanos = deadlineNanos;
    }
  }

  private final Environment environment;
  private final EventLoop loop;
  private final NodeId host;
  private final Duration timeout;
  private final String client;
  private final Endpoint endpoint;
  private final ConcurrentLinkedQueue<Pending> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean drainScheduled = new AtomicBoolean();
  private final AtomicInteger waiting = new AtomicInteger();

  /** By number; owned by the loop, as all below. */
  private final SortedMap<Long, Pending> pending = new TreeMap<>();

  private final SortedMap<String, RemoteSession> sessions = new TreeMap<>();
  private long nextNumber = 1;
  private long incarnation;

  /** Whether nothing is sent until what is on its way is answered. */
  private boolean restarting;

  private EventLoop.Timer retry;
  private EventLoop.Timer expiry;
  private volatile boolean closed;

  RemoteBroker(Environment environment, NodeId host, String name, Duration timeout) {
    if (timeout.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException("timeout must be at least 1 ms, was " + timeout);
    }
    this.environment = environment;
    this.host = host;
    this.timeout = timeout;
    this.loop = environment.eventLoop("remote-broker-" + name);
    this.client =
        "client-" + String.format("%016x", environment.random("broker-" + name).nextLong());
    this.endpoint = environment.transport().open(BrokerHost.serviceOf(name), loop, Handler.NONE);
  }

  private long nowNanos() {
    return environment.clock().monotonicNanos();
  }

  long incarnation() {
    return incarnation;
  }

  EventLoop loop() {
    return loop;
  }

  boolean isClosed() {
    return closed;
  }

  CompletableFuture<byte[]> request(byte[] bytes, Duration within) {
    return endpoint.request(host, bytes, within);
  }

  @Override
  public CompletableFuture<List<Outcome>> submit(BrokerCommand command) {
    Pending made = new Pending(command, nowNanos() + timeout.toNanos());
    if (waiting.incrementAndGet() > MAX_WAITING) {
      waiting.decrementAndGet();
      made.future.completeExceptionally(
          new RefusedException("more than " + MAX_WAITING + " commands wait for the broker"));
      return made.future;
    }
    inbox.add(made);
    if (drainScheduled.compareAndSet(false, true)) {
      onLoop(this::drain);
    }
    return made.future;
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment is closed, and the loop with it: nobody else touches this any more.
      closed = true;
      task.run();
    }
  }

  private void drain() {
    drainScheduled.set(false);
    if (closed) {
      failAll();
      return;
    }
    while (!restarting && pending.size() < BrokerHost.WINDOW / 2) {
      Pending next = inbox.poll();
      if (next == null) {
        break;
      }
      next.number = nextNumber++;
      next.bytes = BrokerCommand.CODEC.encode(next.command);
      pending.put(next.number, next);
      send(next);
    }
    scheduleExpiry();
  }

  private void send(Pending each) {
    long leftNanos = each.deadlineNanos - nowNanos();
    if (leftNanos <= 0) {
      // The expiry is about to find it.
      return;
    }
    each.asked = true;
    byte[] bytes =
        BrokerFrames.command(incarnation, client, each.number, pending.firstKey(), each.bytes);
    CompletableFuture<byte[]> answer;
    try {
      answer = endpoint.request(host, bytes, Duration.ofNanos(leftNanos));
    } catch (IllegalArgumentException e) {
      finish(each);
      each.future.completeExceptionally(
          new RefusedException(
              "command of " + bytes.length + " bytes is too large for the transport", e));
      return;
    }
    answer.whenComplete((payload, failure) -> answered(each, payload, failure));
  }

  private void answered(Pending each, byte[] payload, Throwable failure) {
    each.asked = false;
    if (pending.get(each.number) != each) {
      // Its time was up before.
      return;
    }
    if (failure != null) {
      each.maybeTaken |= !(failure instanceof RefusedException);
      scheduleRetry();
    } else {
      answered(each, payload);
    }
    goOnIfAnswered();
  }

  private void answered(Pending each, byte[] payload) {
    BrokerFrames.Answer answer;
    try {
      answer = BrokerFrames.answer(payload);
    } catch (MalformedException e) {
      finish(each);
      each.future.completeExceptionally(new IndeterminateException("broker is not understood", e));
      return;
    }
    if (answer.status() == BrokerFrames.Status.RESTARTED) {
      if (answer.incarnation() != incarnation) {
        restarted(answer.incarnation());
      }
      return;
    }
    switch (answer.status()) {
      case DONE -> {
        finish(each);
        opened(each.command, answer.outcomes());
        each.future.complete(answer.outcomes());
      }
      case OUT_OF_ORDER -> scheduleRetry();
      case REFUSED -> {
        finish(each);
        each.future.completeExceptionally(
            each.maybeTaken
                ? new IndeterminateException(answer.text())
                : new RefusedException(answer.text()));
      }
      case FAILED -> {
        finish(each);
        each.future.completeExceptionally(new IndeterminateException(answer.text()));
      }
      default -> {
        finish(each);
        each.future.completeExceptionally(
            new IndeterminateException("broker has forgotten the command: " + answer.status()));
      }
    }
  }

  private void finish(Pending each) {
    pending.remove(each.number);
    waiting.decrementAndGet();
    if (!inbox.isEmpty() && drainScheduled.compareAndSet(false, true)) {
      onLoop(this::drain);
    }
  }

  /**
   * Another host than this client knew, or the first. What is on its way is waited for, since only
   * its answers tell whether the former host may have taken it; then all goes on in order.
   */
  private void restarted(long now) {
    incarnation = now;
    restarting = true;
    environment.faults().reached("remote-broker.restarted");
    List.copyOf(sessions.values()).forEach(session -> session.lost("broker was restarted"));
    goOnIfAnswered();
  }

  private void goOnIfAnswered() {
    if (!restarting || pending.values().stream().anyMatch(each -> each.asked)) {
      return;
    }
    restarting = false;
    List<Pending> all = new ArrayList<>(pending.values());
    pending.clear();
    for (Pending each : all) {
      if (each.maybeTaken) {
        waiting.decrementAndGet();
        each.future.completeExceptionally(
            new IndeterminateException("broker was restarted meanwhile"));
      } else {
        each.number = nextNumber++;
        pending.put(each.number, each);
      }
    }
    List.copyOf(pending.values()).forEach(this::send);
    drain();
  }

  /** The host of {@code incarnation} has answered a session's fetch. */
  void seen(long other) {
    if (other != incarnation) {
      restarted(other);
    }
  }

  private void opened(BrokerCommand command, List<Outcome> outcomes) {
    if (command instanceof BrokerCommand.OpenSession open && outcomes.get(0) == Outcome.DONE) {
      RemoteSession session = sessions.get(open.session());
      if (session != null) {
        session.fetch(Duration.ofMillis(open.leaseMillis()));
      }
    }
  }

  private void scheduleRetry() {
    if (retry == null && !closed) {
      retry = loop.schedule(RETRY_NANOS, this::retry);
    }
  }

  private void retry() {
    retry = null;
    if (!closed && !restarting) {
      List.copyOf(pending.values()).stream().filter(each -> !each.asked).forEach(this::send);
    }
  }

  private void scheduleExpiry() {
    if (expiry == null && (!pending.isEmpty() || !inbox.isEmpty())) {
      expiry = loop.schedule(Math.max(1, timeout.toNanos() / 8), this::expire);
    }
  }

  /** Gives up what has had its time. */
  private void expire() {
    expiry = null;
    long now = nowNanos();
    for (Pending each : List.copyOf(pending.values())) {
      if (each.deadlineNanos - now <= 0) {
        boolean maybe = each.maybeTaken || each.asked;
        finish(each);
        String problem = "broker on " + host + " did not answer within " + timeout;
        each.future.completeExceptionally(
            maybe ? new IndeterminateException(problem) : new RefusedException(problem));
      }
    }
    while (!inbox.isEmpty() && inbox.peek().deadlineNanos - now <= 0) {
      waiting.decrementAndGet();
      inbox.poll().future.completeExceptionally(
          new RefusedException("not sent to the broker on " + host + " within " + timeout));
    }
    goOnIfAnswered();
    scheduleExpiry();
  }

  @Override
  public void listen(String session, Listener listener) {
    onLoop(() -> sessions.put(session, new RemoteSession(this, session, listener)));
  }

  @Override
  public void forget(String session) {
    onLoop(
        () -> {
          RemoteSession known = sessions.remove(session);
          if (known != null) {
            known.close();
          }
        });
  }

  private void failAll() {
    for (Pending each : List.copyOf(pending.values())) {
      waiting.decrementAndGet();
      each.future.completeExceptionally(new IndeterminateException("broker was closed meanwhile"));
    }
    pending.clear();
    for (Pending next = inbox.poll(); next != null; next = inbox.poll()) {
      waiting.decrementAndGet();
      next.future.completeExceptionally(new RefusedException("broker is closed"));
    }
  }

  @Override
  public void close() {
    onLoop(
        () -> {
          if (closed && sessions.isEmpty()) {
            failAll();
            return;
          }
          closed = true;
          if (retry != null) {
            retry.cancel();
          }
          if (expiry != null) {
            expiry.cancel();
          }
          failAll();
          List<RemoteSession> all = List.copyOf(sessions.values());
          sessions.clear();
          all.forEach(session -> session.lost("broker is closed"));
          endpoint.close();
        });
  }
}
