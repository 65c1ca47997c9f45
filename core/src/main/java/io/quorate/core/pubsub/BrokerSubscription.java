package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** A subscription as the broker sees it: who it is, its credits, and what it has. */
final class BrokerSubscription implements Comparable<BrokerSubscription> {
  /** A delivery whose credit is not given back; it may not count any more. */
  record Outstanding(Cursor cursor, long sequence) {}

  final BrokerSession session;
  final long number;
  final BrokerCommand.Subscribe wish;

  /** Topics of whose groups it is a member. */
  final SortedSet<String> topics = new TreeSet<>();

  /** Deliveries by tag, in the order of tags. */
  final Map<Long, Outstanding> outstanding = new LinkedHashMap<>();

  /** Cursors that could hand out something; not empty only if there are no credits. */
  final Set<Cursor> starving = new LinkedHashSet<>();

  int credits;
  long nextTag = 1;

  /** Whether it lets deliveries time out, so that others are to have its partitions. */
  boolean stalled;

  private final Turn turn;

  BrokerSubscription(BrokerSession session, BrokerCommand.Subscribe wish, Turn turn) {
    this.session = session;
    this.number = wish.subscription();
    this.wish = wish;
    this.credits = wish.credits();
    this.turn = turn;
  }

  /** The name of its group in each topic; its own alone if it wishes for none. */
  String groupKey() {
    return wish.group().map(Group::namedKey).orElse(Group.privateKey(session.name, number));
  }

  /**
   * Settles deliveries. Giving back one that does not count any more is answered like any other:
   * only from which tag on deliveries count is of interest then.
   */
  Outcome settle(BrokerCommand.Settlement settlement) {
    if (settlement.count() > 1) {
      return acknowledge(settlement);
    }
    Outcome outcome = settleIfItCounts(settlement, settlement.tag());
    boolean released = settlement.verdict() == BrokerCommand.Verdict.RELEASE;
    return released ? new Outcome.PutBack(nextTag) : outcome;
  }

  private Outcome acknowledge(BrokerCommand.Settlement run) {
    List<Long> fenced = new ArrayList<>();
    for (int i = 0; i < run.count(); i++) {
      if (settleIfItCounts(run, run.tag() + i) != Outcome.DONE) {
        fenced.add(run.tag() + i);
      }
    }
    return fenced.isEmpty() ? Outcome.DONE : new Outcome.PartlyFenced(fenced);
  }

  private Outcome settleIfItCounts(BrokerCommand.Settlement settlement, long tag) {
    Outstanding delivery = outstanding.remove(tag);
    if (delivery == null) {
      return Outcome.refused(
          Refusal.Code.FENCED, "delivery " + tag + " was settled before, or never made");
    }
    giveCredit();
    recover();
    Cursor cursor = delivery.cursor();
    if (cursor.topic.options.kind() == TopicKind.MEMORY) {
      return Outcome.DONE;
    }
    Cursor.Unsettled message = cursor.inFlight(this, delivery.sequence(), tag);
    if (message == null) {
      return Outcome.refused(
          Refusal.Code.FENCED,
          "message " + delivery.sequence() + " of partition " + cursor.partition + " of "
              + cursor.topic.name + " has gone on to another delivery, in generation "
              + cursor.generation);
    }
    switch (settlement.verdict()) {
      case ACK -> cursor.settle(message);
      case NACK -> cursor.fail(message, settlement.delayMillis(), settlement.reason());
      case REJECT -> cursor.giveUp(message, settlement.reason());
      case RELEASE -> cursor.putBack(message, 0);
    }
    boolean done =
        settlement.verdict() == BrokerCommand.Verdict.ACK
            || settlement.verdict() == BrokerCommand.Verdict.REJECT;
    return done ? Outcome.DONE : new Outcome.PutBack(nextTag);
  }

  private void giveCredit() {
    credits++;
    wakeStarving();
  }

  /** Lets the cursor have a turn that has waited longest for a credit. */
  void wakeStarving() {
    if (!starving.isEmpty()) {
      Cursor first = starving.iterator().next();
      starving.remove(first);
      turn.markDirty(first);
    }
  }

  /** Hands out again what counts, and takes back the credits of what does not. */
  void resume() {
    for (var each : new TreeMap<>(outstanding).entrySet()) {
      Outstanding delivery = each.getValue();
      if (!delivery.cursor().repeat(this, delivery.sequence(), each.getKey())) {
        outstanding.remove(each.getKey());
        giveCredit();
      }
    }
  }

  /** It has let a delivery time out. */
  void stall() {
    if (!stalled) {
      stalled = true;
      rebalance();
    }
  }

  /** It has settled something. */
  private void recover() {
    if (stalled) {
      stalled = false;
      rebalance();
    }
  }

  /** Where it is in topics that it has to itself. */
  StartPosition.Resume places() {
    SortedMap<String, StartPosition.Place> places = new TreeMap<>();
    if (wish.group().isEmpty()) {
      for (String name : topics) {
        Topic topic = turn.topics.get(name);
        SortedMap<Integer, StartPosition.Spot> spots = new TreeMap<>();
        for (Cursor cursor : topic.groups.get(groupKey()).cursors) {
          spots.put(cursor.partition, new StartPosition.Spot(cursor.floor(), cursor.next));
        }
        places.put(name, new StartPosition.Place(topic.epoch, spots));
      }
    }
    return new StartPosition.Resume(places);
  }

  private void rebalance() {
    for (String topic : topics) {
      turn.topics.get(topic).groups.get(groupKey()).rebalanceMembers();
    }
  }

  @Override
  public int compareTo(BrokerSubscription other) {
    int bySession = session.name.compareTo(other.session.name);
    return bySession != 0 ? bySession : Long.compare(number, other.number);
  }
}
