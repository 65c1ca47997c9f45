package io.quorate.core.pubsub;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/**
 * What a bus has to say of the deliveries of its session, in order, one command at a time. Repeated
 * until the broker has answered or the session is over, since a credit depends on it; so what waits
 * is bounded by the credits of the subscriptions.
 */
final class Settler {
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /**
   * Something to say.
   *
   * @param session whose delivery it is
   * @param settlement null to end the subscription
   * @param future null if nobody cares
   * @param answered is told the tag from which deliveries count again, 0 if the broker has not said
   *     so, and -1 if it will not
   */
  private record Item(
      String session,
      long subscription,
      BrokerCommand.Settlement settlement,
      CompletableFuture<Void> future,
      LongConsumer answered) {
    void fail(OperationException cause) {
      answered.accept(-1);
      if (future != null) {
        future.completeExceptionally(cause);
      }
    }

    void complete(Outcome outcome, boolean repeated) {
      answered.accept(outcome instanceof Outcome.PutBack putBack ? putBack.nextTag() : 0);
      if (future == null) {
        return;
      }
      if (!(outcome instanceof Outcome.Refused refused)) {
        future.complete(null);
      } else if (repeated) {
        // Fenced perhaps by itself, the first time.
        future.completeExceptionally(new IndeterminateException(refused.refusal().text()));
      } else {
        future.completeExceptionally(refused.refusal().toException());
      }
    }
  }

  private final BrokerBus bus;
  private final EventLoop loop;
  private final int maxBatch;
  private final ConcurrentLinkedQueue<Item> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean drainScheduled = new AtomicBoolean();

  /** Owned by the loop, as all below. */
  private final Deque<Item> queue = new ArrayDeque<>();

  private List<Item> inFlight = List.of();

  Settler(BrokerBus bus, EventLoop loop, int maxBatch) {
    this.bus = bus;
    this.loop = loop;
    this.maxBatch = maxBatch;
  }

  /** Any thread. The future completes on the loop, after {@code answered} was called there. */
  void settle(
      String session,
      BrokerCommand.Settlement settlement,
      CompletableFuture<Void> future,
      LongConsumer answered) {
    add(new Item(session, settlement.subscription(), settlement, future, answered));
  }

  /** Any thread. Ends a subscription after what was settled before. */
  void unsubscribe(String session, long subscription, CompletableFuture<Void> future) {
    add(new Item(session, subscription, null, future, tag -> {}));
  }

  private void add(Item item) {
    inbox.add(item);
    if (drainScheduled.compareAndSet(false, true)) {
      try {
        loop.execute(this::drain);
      } catch (RejectedExecutionException e) {
        // The environment is closed, and the loop with it: nobody else touches this any more.
        drainScheduled.set(false);
        fail("environment is closed");
      }
    }
  }

  private void drain() {
    drainScheduled.set(false);
    for (Item next = inbox.poll(); next != null; next = inbox.poll()) {
      if (bus.isSession(next.session())) {
        queue.add(next);
      } else if (next.settlement() == null) {
        next.complete(Outcome.DONE, false);
      } else {
        next.fail(new FencedException("session of the delivery is over"));
      }
    }
    flush();
  }

  private void flush() {
    if (!inFlight.isEmpty() || queue.isEmpty()) {
      return;
    }
    List<Item> batch = new ArrayList<>();
    batch.add(queue.poll());
    String session = batch.get(0).session();
    if (batch.get(0).settlement() == null) {
      inFlight = batch;
      send(new BrokerCommand.Unsubscribe(session, batch.get(0).subscription()), session, false);
      return;
    }
    while (!queue.isEmpty() && queue.peek().settlement() != null && batch.size() < maxBatch) {
      batch.add(queue.poll());
    }
    inFlight = batch;
    send(
        new BrokerCommand.Settle(session, batch.stream().map(Item::settlement).toList()),
        session,
        false);
  }

  private void send(BrokerCommand command, String session, boolean repeated) {
    bus.submit(command)
        .whenComplete(
            (outcomes, failure) -> {
              if (inFlight.isEmpty() || !bus.isSession(session)) {
                return;
              }
              if (failure != null) {
                boolean unknown = repeated || BrokerBus.problem(failure).mayHaveTakenEffect();
                loop.schedule(RETRY_NANOS, () -> again(command, session, unknown));
                return;
              }
              List<Item> done = inFlight;
              inFlight = List.of();
              for (int i = 0; i < done.size(); i++) {
                done.get(i).complete(outcomes.get(i), repeated);
              }
              bus.notice(session, outcomes);
              flush();
            });
  }

  private void again(BrokerCommand command, String session, boolean unknown) {
    if (!inFlight.isEmpty() && bus.isSession(session)) {
      send(command, session, unknown);
    }
  }

  /** On the loop: says at once all that is still to be said. */
  void close() {
    for (Item next = inbox.poll(); next != null; next = inbox.poll()) {
      queue.add(next);
    }
    while (!queue.isEmpty()) {
      Item item = queue.poll();
      if (item.settlement() == null) {
        item.complete(Outcome.DONE, false);
      } else {
        bus.submit(new BrokerCommand.Settle(item.session(), List.of(item.settlement())))
            .whenComplete((outcomes, failure) -> finish(item, outcomes, failure));
      }
    }
    fail("bus was closed");
  }

  private void finish(Item item, List<Outcome> outcomes, Throwable failure) {
    if (failure == null) {
      item.complete(outcomes.get(0), false);
    } else {
      item.fail(BrokerBus.problem(failure));
    }
  }

  /** On the loop: the session is over, and with it all that was to be said. */
  void fail(String reason) {
    List<Item> sent = inFlight;
    inFlight = List.of();
    for (Item each : sent) {
      if (each.settlement() == null) {
        each.complete(Outcome.DONE, false);
      } else {
        each.fail(new IndeterminateException(reason));
      }
    }
    List<Item> all = new ArrayList<>(queue);
    queue.clear();
    for (Item next = inbox.poll(); next != null; next = inbox.poll()) {
      all.add(next);
    }
    for (Item each : all) {
      if (each.settlement() == null) {
        each.complete(Outcome.DONE, false);
      } else {
        each.fail(new FencedException(reason));
      }
    }
  }
}
