package io.quorate.core.pubsub;

import io.quorate.core.pubsub.BrokerCommand.Settlement;
import io.quorate.core.pubsub.BrokerCommand.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscription as its bus sees it: what waits for the subscriber, and the thread that brings it.
 * Holds no more deliveries than it has credits.
 */
final class BusSubscription implements Subscription {
  private static final Logger log = LoggerFactory.getLogger(BusSubscription.class);
  private static final int TURN = 64;

  final long number;
  final TopicPattern pattern;
  final SubscribeOptions options;
  private final BrokerBus bus;
  private final Subscriber subscriber;
  private final Executor executor;

  private final Places places = new Places();

  private final ConcurrentLinkedQueue<Object> queue = new ConcurrentLinkedQueue<>();

  /**
   * Keys that were rewound by this side. Deliveries of theirs that the broker had made before it
   * knew are given back, so that none overtakes the message that comes again.
   */
  private final SortedMap<String, Rewind> rewinding = new TreeMap<>();

  /** Of each topic the newest assignment that the subscriber has not heard of. */
  private final SortedMap<String, BrokerEffect.Assign> assignments = new TreeMap<>();

  private final AtomicBoolean running = new AtomicBoolean();
  private final AtomicBoolean ended = new AtomicBoolean();

  /** The session that it belongs to now. */
  private volatile String session = "";

  private volatile boolean open = true;

  /** Of the latest delivery; owned by the bus's loop. */
  private long lastTag;

  /** A key that was rewound. */
  private static final class Rewind {
    /** What the broker has not answered yet. */
    int pending;

    /** Deliveries with lower tags are given back. */
    long untilTag;

    /** What came before the answer, which may be on its way by another road than deliveries. */
    final List<HeldDelivery> waiting = new ArrayList<>();
  }

  /** Ends the subscription. */
  private record Closed(String reason) {}

  /** Something in {@link #assignments}. */
  private record Assigned(String topic) {}

  BusSubscription(
      BrokerBus bus,
      long number,
      TopicPattern pattern,
      SubscribeOptions options,
      Subscriber subscriber,
      Executor executor) {
    this.bus = bus;
    this.number = number;
    this.pattern = pattern;
    this.options = options;
    this.subscriber = subscriber;
    this.executor = executor;
  }

  /** On the loop: it goes on in another session. Returns where. */
  BrokerCommand.Subscribe moveTo(String session, boolean first) {
    takeBack(delivery -> true, HeldDelivery::forget);
    synchronized (rewinding) {
      rewinding.clear();
    }
    this.session = session;
    lastTag = 0;
    StartPosition start =
        first || options.group().isPresent() ? options.start() : places.resume();
    return new BrokerCommand.Subscribe(
        session, number, pattern, options.group(), start, options.credits());
  }

  /** On the loop: the broker has it for the first time, and says where it begins. */
  void begin(StartPosition.Resume said) {
    places.begin(said);
  }

  /** On the loop. */
  void heard(BrokerEffect.Deliver effect) {
    if (effect.tag() <= lastTag) {
      // Said again after a resume; it is in the queue or settled.
      return;
    }
    lastTag = effect.tag();
    long lostFrom = places.taken(effect);
    if (lostFrom >= 0) {
      enqueue(
          new Gap(
              effect.topic(),
              effect.partition(),
              lostFrom,
              Long.MAX_VALUE,
              Gap.Reason.BROKER_LOST));
    }
    HeldDelivery delivery = new HeldDelivery(this, effect);
    synchronized (rewinding) {
      Rewind rewind = rewindOf(effect);
      if (rewind == null) {
        queue.add(delivery);
      } else if (rewind.pending > 0) {
        rewind.waiting.add(delivery);
      } else {
        delivery.release();
      }
    }
    schedule();
  }

  /** On the loop. */
  void heard(Gap gap) {
    places.passed(gap);
    enqueue(gap);
  }

  /** On the loop: deliveries of partitions that have gone elsewhere are not looked at any more. */
  void heard(BrokerEffect.Assign assign) {
    Predicate<HeldDelivery> gone =
        delivery ->
            delivery.topic().equals(assign.topic())
                && !assign.partitions().contains(delivery.partition());
    takeBack(gone, HeldDelivery::release);
    synchronized (rewinding) {
      for (Rewind rewind : List.copyOf(rewinding.values())) {
        List.copyOf(rewind.waiting).stream().filter(gone).forEach(HeldDelivery::release);
      }
    }
    synchronized (assignments) {
      if (assignments.put(assign.topic(), assign) != null) {
        return;
      }
    }
    enqueue(new Assigned(assign.topic()));
  }

  /**
   * Takes from the queue what the broker hands out again, the latest first: the subscriber's thread
   * goes on from the front meanwhile, and must not get one when an earlier one of its key is gone.
   */
  private void takeBack(Predicate<HeldDelivery> which, Consumer<HeldDelivery> how) {
    List<HeldDelivery> found = new ArrayList<>();
    for (Object each : queue) {
      if (each instanceof HeldDelivery delivery
          && delivery.comesAgain()
          && which.test(delivery)) {
        found.add(delivery);
      }
    }
    for (int i = found.size() - 1; i >= 0; i--) {
      how.accept(found.get(i));
    }
  }

  /** The rewind of the message's key that has not been overtaken; null if there is none. */
  private Rewind rewindOf(BrokerEffect.Deliver effect) {
    if (rewinding.isEmpty()) {
      return null;
    }
    // Tags come in order: with this one, all that had lower ones are here.
    rewinding
        .values()
        .removeIf(rewind -> rewind.pending == 0 && rewind.untilTag <= effect.tag());
    return rewinding.get(keyOf(effect));
  }

  private static String keyOf(BrokerEffect.Deliver effect) {
    return effect.topic() + " " + effect.message().rawKey();
  }

  /** Any thread. Says {@code settlement} of {@code delivery}. */
  void settle(HeldDelivery delivery, Settlement settlement, CompletableFuture<Void> future) {
    BrokerEffect.Deliver effect = delivery.effect();
    if (settlement.verdict() == Verdict.ACK || settlement.verdict() == Verdict.REJECT) {
      places.settled(effect);
    }
    boolean rewinds =
        (settlement.verdict() == Verdict.NACK || settlement.verdict() == Verdict.RELEASE)
            && delivery.comesAgain()
            && !effect.message().rawKey().isEmpty();
    if (!rewinds) {
      if (future == null && settlement.verdict() == Verdict.ACK) {
        bus.settler().settleSoon(effect.session(), settlement, options.credits() / 2);
      } else {
        bus.settler().settle(effect.session(), settlement, future, tag -> {});
      }
      return;
    }
    String key = keyOf(effect);
    synchronized (rewinding) {
      Rewind rewind = rewinding.computeIfAbsent(key, k -> new Rewind());
      rewind.pending++;
      bus.settler()
          .settle(effect.session(), settlement, future, tag -> rewound(key, rewind, effect, tag));
      if (settlement.verdict() == Verdict.NACK) {
        takeBack(later -> keyOf(later.effect()).equals(key), HeldDelivery::release);
      }
    }
  }

  /** The broker has heard that {@code key} was rewound. */
  private void rewound(String key, Rewind rewind, BrokerEffect.Deliver effect, long untilTag) {
    if (untilTag == 0) {
      // Fenced, perhaps by itself the first time: what is on its way is still not to be handled.
      Settlement again =
          new Settlement(effect.subscription(), effect.tag(), Verdict.RELEASE, 0, "");
      bus.settler()
          .settle(effect.session(), again, null, tag -> rewound(key, rewind, effect, tag));
      return;
    }
    synchronized (rewinding) {
      rewind.pending--;
      rewind.untilTag = Math.max(rewind.untilTag, untilTag);
      if (rewind.pending > 0 || rewinding.get(key) != rewind) {
        return;
      }
      List<HeldDelivery> waiting = List.copyOf(rewind.waiting);
      rewind.waiting.clear();
      for (HeldDelivery each : waiting) {
        if (untilTag < 0 && each.effect().session().equals(effect.session())) {
          // With its session over, it must not overtake what was given back before it.
          each.forget();
        } else if (each.effect().tag() < rewind.untilTag) {
          // To give one back rewinds again, and those behind it wait for that as well.
          each.release();
        } else if (rewind.pending > 0) {
          rewind.waiting.add(each);
        } else {
          queue.add(each);
        }
      }
      if (rewind.pending == 0 && rewind.untilTag == 0) {
        rewinding.remove(key);
      }
    }
    schedule();
  }

  CompletableFuture<Void> reply(ReplyTo replyTo, Message answer) {
    return bus.answer(replyTo, answer);
  }

  private void enqueue(Object item) {
    queue.add(item);
    schedule();
  }

  private void schedule() {
    if (!queue.isEmpty() && running.compareAndSet(false, true)) {
      try {
        executor.execute(this::run);
      } catch (RejectedExecutionException e) {
        // The environment is closed: nobody is there to bring anything.
        running.set(false);
      }
    }
  }

  private void run() {
    for (int i = 0; i < TURN; i++) {
      Object item = queue.poll();
      if (item == null) {
        break;
      }
      bring(item);
    }
    running.set(false);
    schedule();
  }

  private void bring(Object item) {
    if (item instanceof Closed closed) {
      guard("onClosed", () -> subscriber.onClosed(closed.reason()));
      bus.free(this);
    } else if (!open) {
      // Closed behind it.
      return;
    } else if (item instanceof HeldDelivery delivery) {
      if (delivery.take()) {
        bring(delivery);
      }
    } else if (item instanceof Gap gap) {
      guard("onGap", () -> subscriber.onGap(gap));
    } else if (item instanceof Assigned assigned) {
      BrokerEffect.Assign assign;
      synchronized (assignments) {
        assign = assignments.remove(assigned.topic());
      }
      guard(
          "onAssignment",
          () ->
              subscriber.onAssignment(
                  assign.topic(), assign.generation(), new TreeSet<>(assign.partitions())));
    }
  }

  private void bring(HeldDelivery delivery) {
    try {
      subscriber.onDelivery(delivery);
    } catch (Throwable e) {
      // Whatever it was, the subscriptions and messages beside it go on; the message tells why.
      bus.countThrown();
      log.debug("subscriber threw topic={} sequence={}", delivery.topic(), delivery.sequence(), e);
      delivery.settleIfOpen(Verdict.NACK, options.retryDelay().toMillis(), e.toString());
    }
    if (options.acknowledgement() == SubscribeOptions.Acknowledgement.AUTOMATIC) {
      delivery.settleIfOpen(Verdict.ACK, 0, "");
    }
  }

  private void guard(String call, Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      // Whatever it was, the deliveries behind it go on.
      bus.countThrown();
      log.warn("subscriber threw call={} pattern={}", call, pattern, e);
    }
  }

  /** Any thread: no call to the subscriber begins any more, save the last. */
  void end(String reason) {
    if (ended.compareAndSet(false, true)) {
      open = false;
      enqueue(new Closed(reason));
    }
  }

  String session() {
    return session;
  }

  @Override
  public TopicPattern pattern() {
    return pattern;
  }

  @Override
  public Optional<String> group() {
    return options.group();
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public CompletableFuture<Void> unsubscribe() {
    return bus.unsubscribe(this);
  }

  @Override
  public void close() {
    unsubscribe();
  }
}
