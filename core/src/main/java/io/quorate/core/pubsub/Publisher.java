package io.quorate.core.pubsub;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a bus publishes: one lane for each topic, with one batch at the broker at a time, so that
 * order holds whatever fails; what comes meanwhile is the next batch. A batch for a DEDUP topic
 * whose fate is unknown is sent again, under the same sequences, until its time is up.
 */
final class Publisher {
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int MAX_KINDS = 10_000;

  private record Waiting(
      String topic, Message message, CompletableFuture<Receipt> future, long deadlineNanos) {}

  /** What waits for one topic. */
  private static final class Lane {
    final String topic;
    final Deque<Waiting> queue = new ArrayDeque<>();
    List<Waiting> inFlight = List.of();

    /** Whether an attempt at what is in flight may have taken effect. */
    boolean uncertain;

    Lane(String topic) {
      this.topic = topic;
    }
  }

  private final BrokerBus bus;
  private final EventLoop loop;
  private final BusOptions options;
  private final String producer;
  private final ConcurrentLinkedQueue<Waiting> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean drainScheduled = new AtomicBoolean();
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicLong pendingBytes = new AtomicLong();

  /** Owned by the loop, as all below. */
  private final SortedMap<String, Lane> lanes = new TreeMap<>();

  /** Of topics that were published to. */
  private final SortedMap<String, TopicKind> kinds = new TreeMap<>();

  private long nextSequence;
  private EventLoop.Timer timer;

  Publisher(BrokerBus bus, EventLoop loop, BusOptions options, String producer) {
    this.bus = bus;
    this.loop = loop;
    this.options = options;
    this.producer = producer;
  }

  /** Messages that have no receipt yet. */
  int pending() {
    return pending.get();
  }

  /** Any thread. */
  CompletableFuture<Receipt> publish(String topic, Message message) {
    CompletableFuture<Receipt> future = new CompletableFuture<>();
    int size = message.sizeBytes();
    int count = pending.incrementAndGet();
    long bytes = pendingBytes.addAndGet(size);
    if (count > options.maxPending() || bytes > options.maxPendingBytes()) {
      pending.decrementAndGet();
      pendingBytes.addAndGet(-size);
      future.completeExceptionally(
          new RefusedException(
              "too much waits to be published: " + count + " messages of " + bytes + " bytes"));
      return future;
    }
    long deadlineNanos = bus.nowNanos() + options.timeout().toNanos();
    inbox.add(new Waiting(topic, message, future, deadlineNanos));
    if (drainScheduled.compareAndSet(false, true)) {
      try {
        loop.execute(this::drain);
      } catch (RejectedExecutionException e) {
        // The environment is closed, and the loop with it: nobody else touches this any more.
        close();
      }
    }
    return future;
  }

  private void drain() {
    drainScheduled.set(false);
    List<Lane> touched = new ArrayList<>();
    for (Waiting next = inbox.poll(); next != null; next = inbox.poll()) {
      Lane lane = lanes.computeIfAbsent(next.topic(), Lane::new);
      lane.queue.add(next);
      if (lane.queue.size() == 1) {
        touched.add(lane);
      }
    }
    if (bus.isClosed()) {
      close();
      return;
    }
    touched.forEach(this::flush);
    scheduleExpiry();
  }

  private void flush(Lane lane) {
    if (!lane.inFlight.isEmpty()) {
      return;
    }
    if (lane.queue.isEmpty()) {
      lanes.remove(lane.topic);
      return;
    }
    List<Waiting> batch = new ArrayList<>();
    long bytes = 0;
    while (!lane.queue.isEmpty() && batch.size() < options.maxBatch()) {
      bytes += lane.queue.peek().message().sizeBytes();
      if (!batch.isEmpty() && bytes > options.maxBatchBytes()) {
        break;
      }
      batch.add(lane.queue.poll());
    }
    lane.inFlight = batch;
    lane.uncertain = false;
    ProducerSequence stamp = new ProducerSequence(producer, nextSequence);
    nextSequence += batch.size();
    learnKind(lane.topic);
    List<Message> messages = batch.stream().map(Waiting::message).toList();
    send(lane, new BrokerCommand.Publish(lane.topic, Optional.of(stamp), messages));
  }

  private void learnKind(String topic) {
    if (kinds.containsKey(topic)) {
      return;
    }
    bus.submit(new BrokerCommand.Describe(topic))
        .whenComplete(
            (outcomes, failure) -> {
              if (failure == null && outcomes.get(0) instanceof Outcome.Described described) {
                know(topic, described.options().kind());
              }
            });
  }

  void know(String topic, TopicKind kind) {
    if (kinds.size() >= MAX_KINDS) {
      kinds.clear();
    }
    kinds.put(topic, kind);
  }

  private void send(Lane lane, BrokerCommand.Publish command) {
    bus.submit(command)
        .whenComplete(
            (outcomes, failure) -> {
              if (lane.inFlight.isEmpty()) {
                return;
              }
              if (failure == null) {
                complete(lane, outcomes);
              } else {
                OperationException problem = BrokerBus.problem(failure);
                lane.uncertain |= problem.mayHaveTakenEffect();
                if (mayRepeat(lane)) {
                  loop.schedule(RETRY_NANOS, () -> send(lane, command));
                  return;
                }
                // That the last attempt was refused says nothing about those before it.
                OperationException told =
                    lane.uncertain && !problem.mayHaveTakenEffect()
                        ? new IndeterminateException("an earlier attempt has no answer", problem)
                        : problem;
                lane.inFlight.forEach(each -> fail(each, told));
              }
              lane.inFlight = List.of();
              flush(lane);
            });
  }

  private boolean mayRepeat(Lane lane) {
    return lane.uncertain
        && kinds.get(lane.topic) == TopicKind.DEDUP
        && lane.inFlight.get(0).deadlineNanos() - bus.nowNanos() > 0;
  }

  private void complete(Lane lane, List<Outcome> outcomes) {
    for (int i = 0; i < lane.inFlight.size(); i++) {
      Waiting each = lane.inFlight.get(i);
      Outcome outcome = outcomes.get(i);
      if (outcome instanceof Outcome.Stored stored) {
        release(each);
        each.future().complete(stored.receipt());
      } else if (outcome instanceof Outcome.Refused refused) {
        fail(each, refused.refusal().toException());
      } else {
        throw new AssertionError("unhandled outcome " + outcome);
      }
    }
  }

  private void fail(Waiting each, OperationException cause) {
    release(each);
    each.future().completeExceptionally(cause);
  }

  private void release(Waiting each) {
    pending.decrementAndGet();
    pendingBytes.addAndGet(-each.message().sizeBytes());
  }

  private void scheduleExpiry() {
    if (timer == null && !lanes.isEmpty()) {
      timer = loop.schedule(Math.max(1, options.timeout().toNanos() / 4), this::expire);
    }
  }

  /** Refuses what has waited too long without being sent. */
  private void expire() {
    timer = null;
    long now = bus.nowNanos();
    for (Lane lane : lanes.values()) {
      while (!lane.queue.isEmpty() && lane.queue.peek().deadlineNanos() - now <= 0) {
        fail(
            lane.queue.poll(),
            new RefusedException("not published to " + lane.topic + " in time: broker is slow"));
      }
    }
    scheduleExpiry();
  }

  /** On the loop, or when there is none any more: fails what waits. */
  void close() {
    if (timer != null) {
      timer.cancel();
    }
    for (Lane lane : lanes.values()) {
      lane.inFlight.forEach(
          each -> fail(each, new IndeterminateException("bus was closed meanwhile")));
      lane.inFlight = List.of();
      lane.queue.forEach(each -> fail(each, new RefusedException("bus is closed")));
      lane.queue.clear();
    }
    lanes.clear();
    for (Waiting next = inbox.poll(); next != null; next = inbox.poll()) {
      fail(next, new RefusedException("bus is closed"));
    }
  }
}
