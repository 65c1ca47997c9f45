package io.quorate.core.pubsub;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import io.quorate.core.pubsub.BrokerCommand.Settlement;
import io.quorate.core.pubsub.BrokerCommand.Verdict;
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
 *
 * <p>Acknowledgements that follow each other are said as one, and those that nobody waits for
 * gather for a while first: to a broker that writes what it is told to the disks of a majority, a
 * message should not be followed by a command from each of its subscribers.
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
   * @param patience how many that are as patient may wait before they are said
   */
  private record Item(
      String session,
      long subscription,
      Settlement settlement,
      CompletableFuture<Void> future,
      LongConsumer answered,
      int patience) {
    void fail(OperationException cause) {
      answered.accept(-1);
      if (future != null) {
        future.completeExceptionally(cause);
      }
    }

    /** Whether it can be said together with what is said before. */
    boolean follows(Settlement former, int count) {
      return settlement.verdict() == Verdict.ACK
          && former.verdict() == Verdict.ACK
          && settlement.subscription() == former.subscription()
          && settlement.tag() == former.tag() + count
          && count < Settlement.MAX_COUNT;
    }

    void complete(Outcome outcome, boolean repeated) {
      answered.accept(outcome instanceof Outcome.PutBack putBack ? putBack.nextTag() : 0);
      if (future == null) {
        return;
      }
      Refusal refusal = refusal(outcome);
      if (refusal == null) {
        future.complete(null);
      } else if (repeated) {
        // Fenced perhaps by itself, the first time.
        future.completeExceptionally(new IndeterminateException(refusal.text()));
      } else {
        future.completeExceptionally(refusal.toException());
      }
    }

    private Refusal refusal(Outcome outcome) {
      if (outcome instanceof Outcome.PartlyFenced some) {
        return some.tags().contains(settlement.tag())
            ? new Refusal(
                Refusal.Code.FENCED, "delivery " + settlement.tag() + " does not count any more")
            : null;
      }
      return outcome instanceof Outcome.Refused refused ? refused.refusal() : null;
    }
  }

  /** What is said as one. */
  private static final class Run {
    final List<Item> items = new ArrayList<>();

    Run(Item first) {
      items.add(first);
    }

    boolean takes(Item item) {
      return item.follows(items.get(0).settlement(), items.size());
    }

    Settlement settlement() {
      Settlement first = items.get(0).settlement();
      return items.size() == 1
          ? first
          : Settlement.acks(first.subscription(), first.tag(), items.size());
    }
  }

  private final BrokerBus bus;
  private final EventLoop loop;
  private final int maxBatch;
  private final long delayNanos;
  private final ConcurrentLinkedQueue<Item> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean drainScheduled = new AtomicBoolean();

  /** Owned by the loop, as all below. */
  private final Deque<Item> queue = new ArrayDeque<>();

  /** How many of {@link #queue} may wait; the least patient of them decides. */
  private int patience = Integer.MAX_VALUE;

  /** Until when they may; null if nothing waits. */
  private EventLoop.Timer patient;

  private List<Run> inFlight = List.of();

  Settler(BrokerBus bus, EventLoop loop, BusOptions options) {
    this.bus = bus;
    this.loop = loop;
    this.maxBatch = options.maxBatch();
    this.delayNanos = options.acknowledgeDelay().toNanos();
  }

  /** Any thread. The future completes on the loop, after {@code answered} was called there. */
  void settle(
      String session,
      Settlement settlement,
      CompletableFuture<Void> future,
      LongConsumer answered) {
    add(new Item(session, settlement.subscription(), settlement, future, answered, 0));
  }

  /**
   * Any thread. Says {@code settlement} soon, when {@code patience} of them wait or some time has
   * passed.
   */
  void settleSoon(String session, Settlement settlement, int patience) {
    add(new Item(session, settlement.subscription(), settlement, null, tag -> {}, patience));
  }

  /** Any thread. Ends a subscription after what was settled before. */
  void unsubscribe(String session, long subscription, CompletableFuture<Void> future) {
    add(new Item(session, subscription, null, future, tag -> {}, 0));
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
        patience = Math.min(patience, next.patience());
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
    if (queue.size() >= patience || delayNanos == 0) {
      stopWaiting();
      say();
    } else if (patient == null) {
      patient = loop.schedule(delayNanos, this::waitedLongEnough);
    }
  }

  private void waitedLongEnough() {
    patient = null;
    patience = 0;
    flush();
  }

  private void stopWaiting() {
    if (patient != null) {
      patient.cancel();
      patient = null;
    }
  }

  private void say() {
    Item first = queue.peek();
    inFlight = take();
    BrokerCommand command =
        first.settlement() == null
            ? new BrokerCommand.Unsubscribe(first.session(), first.subscription())
            : command(first.session(), inFlight);
    if (queue.isEmpty()) {
      patience = Integer.MAX_VALUE;
    }
    send(command, first.session(), false);
  }

  private static BrokerCommand command(String session, List<Run> runs) {
    return new BrokerCommand.Settle(session, runs.stream().map(Run::settlement).toList());
  }

  /** The end of one subscription, or settlements for one command. */
  private List<Run> take() {
    Item first = queue.poll();
    Run last = new Run(first);
    List<Run> runs = new ArrayList<>(List.of(last));
    while (first.settlement() != null && goesWith(first, queue.peek())) {
      Item next = queue.peek();
      if (!last.takes(next)) {
        if (runs.size() >= maxBatch) {
          break;
        }
        last = new Run(next);
        runs.add(last);
      } else {
        last.items.add(next);
      }
      queue.poll();
    }
    return runs;
  }

  private static boolean goesWith(Item first, Item next) {
    return next != null && next.settlement() != null && next.session().equals(first.session());
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
              List<Run> done = inFlight;
              inFlight = List.of();
              complete(done, outcomes, repeated);
              bus.notice(session, outcomes);
              flush();
            });
  }

  private static void complete(List<Run> runs, List<Outcome> outcomes, boolean repeated) {
    for (int i = 0; i < runs.size(); i++) {
      Outcome outcome = outcomes.get(i);
      runs.get(i).items.forEach(item -> item.complete(outcome, repeated));
    }
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
      Item first = queue.peek();
      List<Run> runs = take();
      if (first.settlement() == null) {
        first.complete(Outcome.DONE, false);
      } else {
        bus.submit(command(first.session(), runs))
            .whenComplete((outcomes, failure) -> finish(runs, outcomes, failure));
      }
    }
    fail("bus was closed");
  }

  private static void finish(List<Run> runs, List<Outcome> outcomes, Throwable failure) {
    if (failure == null) {
      complete(runs, outcomes, false);
    } else {
      OperationException problem = BrokerBus.problem(failure);
      runs.forEach(run -> run.items.forEach(item -> item.fail(problem)));
    }
  }

  /** On the loop: the session is over, and with it all that was to be said. */
  void fail(String reason) {
    stopWaiting();
    patience = Integer.MAX_VALUE;
    List<Run> sent = inFlight;
    inFlight = List.of();
    sent.forEach(run -> fail(run.items, new IndeterminateException(reason)));
    List<Item> all = new ArrayList<>(queue);
    queue.clear();
    for (Item next = inbox.poll(); next != null; next = inbox.poll()) {
      all.add(next);
    }
    fail(all, new FencedException(reason));
  }

  private static void fail(List<Item> items, OperationException cause) {
    for (Item each : items) {
      if (each.settlement() == null) {
        each.complete(Outcome.DONE, false);
      } else {
        each.fail(cause);
      }
    }
  }
}
