package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How far one group is in one partition. Every message below {@link #next} is settled, or among the
 * unsettled: in flight, ready to be handed out again, delayed, or held back behind one of its key.
 *
 * <p>Order by key: a message that fails <em>rewinds its key</em>: later messages of the key, even
 * those in flight, are held back until it is settled. Other keys go on. Messages without a key are
 * not ordered.
 *
 * <p>Fence: a delivery can be settled only while its tag is the message's latest and the partition
 * still belongs to the subscription that it was given to.
 */
final class Cursor extends Timed {
  /** Where an unsettled message is. */
  enum State {
    /** With the owner. */
    IN_FLIGHT,
    /** To be handed out as soon as there is a credit. */
    READY,
    /** To be ready at a time. */
    DELAYED,
    /** Behind a failed message of its key. */
    HELD
  }

  /** A message that was handed out or held back, and is not settled. */
  static final class Unsettled {
    final long sequence;
    final String key;
    State state;
    int failures;
    int attempts;

    /** When the delivery times out, or the delay is over; {@link Timed#NEVER} in other states. */
    long atMillis = NEVER;

    /** Of the latest delivery. */
    long tag;

    /** Its neighbours in {@link Deadlines}; null while it is not there. */
    Unsettled sooner;

    Unsettled later;

    Unsettled(long sequence, String key, State state) {
      this.sequence = sequence;
      this.key = key;
      this.state = state;
    }
  }

  final Topic topic;
  final Group group;
  final int partition;
  final PartitionLog log;

  /** The first message that was never handed out nor held back. */
  long next;

  /** Who gets the partition's messages; null if nobody does. */
  BrokerSubscription owner;

  /** The generation of the group in which the owner was given the partition. */
  long generation;

  /** What a lost subscriber of a MEMORY topic has taken with it, until the next is told. */
  long lostFrom = NEVER;

  long lostTo;

  /** By sequence, ascending: each is added as {@link #next} passes it. */
  final Map<Long, Unsettled> unsettled = new LinkedHashMap<>();

  /** Passed by {@link #next} and held back, and never handed out yet. */
  private final TreeSet<Long> passedOver = new TreeSet<>();

  private final TreeSet<Long> ready = new TreeSet<>();
  private final Deadlines deadlines = new Deadlines();

  /** Failed messages and those held behind them, by key; sorted, since snapshots hold them. */
  final SortedMap<String, TreeSet<Long>> held = new TreeMap<>();

  private final Turn turn;

  Cursor(long serial, Topic topic, Group group, int partition, long next) {
    super(serial);
    this.turn = topic.turn;
    this.topic = topic;
    this.group = group;
    this.partition = partition;
    this.log = topic.partitions.get(partition).log;
    this.next = next;
  }

  @Override
  long dueMillis() {
    return deadlines.firstMillis();
  }

  /** Everything below it is settled. */
  long floor() {
    return unsettled.isEmpty() ? next : unsettled.keySet().iterator().next();
  }

  private boolean settledWhenHandedOut() {
    return topic.options.kind() == TopicKind.MEMORY;
  }

  /** Hands out messages until there are none, or no credits. */
  void pump() {
    while (owner != null) {
      if (lostFrom < lostTo) {
        missed(lostFrom, lostTo, Gap.Reason.UNCONFIRMED);
        lostFrom = NEVER;
        lostTo = 0;
      }
      if (owner.credits == 0) {
        // Gaps wait for a credit as well: a reader that is overtaken for ever hears of one.
        if (!ready.isEmpty() || next < log.end()) {
          owner.starving.add(this);
        }
        return;
      }
      if (!skipWhatIsGone()) {
        owner.wakeStarving();
        return;
      }
      Entry entry = take();
      if (entry != null) {
        handOut(entry);
      }
    }
  }

  /** Passes over what cannot be handed out; whether something can. */
  private boolean skipWhatIsGone() {
    if (!ready.isEmpty()) {
      return true;
    }
    while (unsettled.size() < topic.options.redelivery().maxUnsettled()) {
      if (next < log.start()) {
        missed(next, log.start(), Gap.Reason.RETENTION);
        next = log.start();
      }
      Entry entry = log.atOrAfter(next);
      if (entry == null) {
        return false;
      }
      TreeSet<Long> behind = held.isEmpty() ? null : held.get(entry.message().rawKey());
      if (behind == null) {
        return true;
      }
      behind.add(entry.sequence());
      Unsettled back = new Unsettled(entry.sequence(), entry.message().rawKey(), State.HELD);
      unsettled.put(entry.sequence(), back);
      passedOver.add(entry.sequence());
      next = entry.sequence() + 1;
    }
    return false;
  }

  /** The entry to hand out; null if it is gone, which has been reported then. */
  private Entry take() {
    if (ready.isEmpty()) {
      Entry entry = log.atOrAfter(next);
      next = entry.sequence() + 1;
      return entry;
    }
    long sequence = ready.first();
    Entry entry = log.get(sequence);
    if (entry == null) {
      if (!topic.options.retention().compacted() || sequence < log.start()) {
        missed(sequence, sequence + 1, Gap.Reason.RETENTION);
      }
      settle(unsettled.get(sequence));
    }
    return entry;
  }

  private void handOut(Entry entry) {
    owner.credits--;
    long tag = owner.nextTag++;
    owner.outstanding.put(tag, new BrokerSubscription.Outstanding(this, entry.sequence()));
    int attempt = 1;
    if (!settledWhenHandedOut()) {
      Long sequence = entry.sequence();
      Unsettled handed = unsettled.get(sequence);
      if (handed == null) {
        handed = new Unsettled(sequence, entry.message().rawKey(), State.IN_FLIGHT);
        unsettled.put(sequence, handed);
      } else {
        passedOver.remove(sequence);
      }
      handed.attempts++;
      handed.tag = tag;
      attempt = handed.attempts;
      move(handed, State.IN_FLIGHT, turn.nowMillis + topic.ackTimeoutMillis);
    }
    long heldFrom = passedOver.isEmpty() ? next : passedOver.first();
    turn.emit(delivery(entry, tag, attempt, heldFrom));
  }

  private BrokerEffect.Deliver delivery(Entry entry, long tag, int attempt, long heldFrom) {
    return new BrokerEffect.Deliver(
        owner.session.name,
        owner.number,
        tag,
        topic.options.kind(),
        topic.name,
        topic.epoch,
        partition,
        entry.sequence(),
        generation,
        attempt,
        entry.timestampMillis(),
        entry.message(),
        Optional.ofNullable(entry.replyTo()),
        heldFrom);
  }

  private void missed(long from, long to, Gap.Reason reason) {
    turn.emit(
        new BrokerEffect.Missed(
            owner.session.name, owner.number, new Gap(topic.name, partition, from, to, reason)));
  }

  /** A subscriber was lost with a message that is not handed out again. */
  void lost(long sequence) {
    if (settledWhenHandedOut() && group.isNamed()) {
      lostFrom = lostFrom < lostTo ? Math.min(lostFrom, sequence) : sequence;
      lostTo = Math.max(lostTo, sequence + 1);
    }
  }

  /** The message with {@code tag}, if its delivery can still be settled by {@code from}. */
  Unsettled inFlight(BrokerSubscription from, long sequence, long tag) {
    Unsettled message = unsettled.get(sequence);
    boolean current = message != null && message.state == State.IN_FLIGHT && message.tag == tag;
    return current && owner == from ? message : null;
  }

  /**
   * Says again what {@code from} has been told under {@code tag}; false if it does not count any
   * more, so that its credit is free.
   */
  boolean repeat(BrokerSubscription from, long sequence, long tag) {
    boolean counts = settledWhenHandedOut() ? owner == from : inFlight(from, sequence, tag) != null;
    Entry entry = counts ? log.get(sequence) : null;
    if (entry != null) {
      Unsettled message = unsettled.get(sequence);
      // What was handed out under later tags may not have been heard of yet.
      turn.emit(delivery(entry, tag, message == null ? 1 : message.attempts, floor()));
    } else if (counts && settledWhenHandedOut()) {
      missed(sequence, sequence + 1, Gap.Reason.UNCONFIRMED);
    }
    return entry != null;
  }

  /** {@code message} is done with; those behind it are free. */
  void settle(Unsettled message) {
    move(message, State.HELD, NEVER);
    unsettled.remove(message.sequence);
    if (!passedOver.isEmpty()) {
      passedOver.remove(message.sequence);
    }
    TreeSet<Long> behind = held.isEmpty() ? null : held.get(message.key);
    if (behind != null && behind.remove(message.sequence)) {
      for (Long sequence : List.copyOf(behind)) {
        Unsettled later = unsettled.get(sequence);
        if (later.state != State.HELD) {
          break;
        }
        behind.remove(sequence);
        move(later, State.READY, NEVER);
      }
      if (behind.isEmpty()) {
        held.remove(message.key);
      }
    }
    turn.markDirty(this);
  }

  /** {@code message} was not handled: it comes again, or is given up. */
  void fail(Unsettled message, long delayMillis, String reason) {
    message.failures++;
    if (message.failures >= topic.options.redelivery().maxDeliveries()) {
      giveUp(message, reason);
    } else {
      putBack(message, delayMillis);
    }
  }

  /** {@code message} comes again after a delay, and those of its key after it. */
  void putBack(Unsettled message, long delayMillis) {
    if (!message.key.isEmpty()) {
      TreeSet<Long> behind = held.computeIfAbsent(message.key, key -> new TreeSet<>());
      behind.add(message.sequence);
      for (Unsettled later : unsettled.values()) {
        if (later.sequence > message.sequence && later.key.equals(message.key)) {
          behind.add(later.sequence);
          move(later, State.HELD, NEVER);
        }
      }
    }
    if (delayMillis > 0) {
      move(message, State.DELAYED, turn.nowMillis + delayMillis);
    } else {
      move(message, State.READY, NEVER);
    }
    turn.markDirty(this);
  }

  /** {@code message} goes to the dead-letter topic, or is dropped and reported. */
  void giveUp(Unsettled message, String reason) {
    Entry entry = log.get(message.sequence);
    String target = topic.options.redelivery().deadLetterTopic().orElse("");
    if (entry != null && !target.isEmpty()) {
      Message letter =
          new DeadLetterReason(
                  topic.name, partition, message.sequence, group.publicName(), message.attempts,
                  reason)
              .onto(entry.message().withoutProducer());
      if (!turn.storeDeadLetter(target, letter)) {
        // No room there now; it must not be lost, so it waits here, behind nothing but its key.
        putBack(message, topic.ackTimeoutMillis);
        return;
      }
    } else if (owner != null) {
      missed(message.sequence, message.sequence + 1, Gap.Reason.GIVEN_UP);
    } else {
      // Nobody is there to be told; whoever comes next gets it once more.
      putBack(message, 0);
      return;
    }
    settle(message);
  }

  /** Deliveries that took too long fail; delays that are over end. */
  void timePassed() {
    boolean stalled = false;
    for (Unsettled message : deadlines.takeDue(turn.nowMillis)) {
      if (message.state == State.DELAYED) {
        move(message, State.READY, NEVER);
        turn.markDirty(this);
      } else if (message.state == State.IN_FLIGHT) {
        stalled = true;
        fail(message, 0, "not settled in time");
      }
    }
    if (stalled && owner != null) {
      owner.stall();
    }
  }

  /** Gives the partition to {@code to}, or to nobody; what the former owner has comes again. */
  void assign(BrokerSubscription to, long generation, boolean formerFailed) {
    List<Unsettled> back = new ArrayList<>();
    if (owner != null) {
      owner.starving.remove(this);
      unsettled.values().stream().filter(m -> m.state == State.IN_FLIGHT).forEach(back::add);
      back.forEach(message -> move(message, State.READY, NEVER));
    }
    owner = to;
    this.generation = generation;
    if (formerFailed) {
      // From the last to the first, so that each key is rewound to its first failure.
      for (int i = back.size() - 1; i >= 0; i--) {
        fail(back.get(i), 0, "its subscriber was lost");
      }
    }
    turn.markDirty(this);
  }

  /** Changes where {@code message} is. */
  private void move(Unsettled message, State state, long atMillis) {
    if (message.later != null) {
      deadlines.remove(message);
    }
    if (message.state == State.READY) {
      ready.remove(message.sequence);
    }
    message.state = state;
    message.atMillis = atMillis;
    if (state == State.READY) {
      ready.add(message.sequence);
    }
    if (atMillis != NEVER) {
      deadlines.add(message);
      turn.agenda.update(this);
    }
  }

  /** Puts {@code message} where it was when the state was captured. */
  void restore(Unsettled message) {
    unsettled.put(message.sequence, message);
    if (message.attempts == 0) {
      passedOver.add(message.sequence);
    }
    move(message, message.state, message.atMillis);
  }
}
