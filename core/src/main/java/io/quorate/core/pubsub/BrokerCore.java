package io.quorate.core.pubsub;

import io.quorate.core.pubsub.Refusal.Code;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A broker: topics with their messages, groups of subscribers with their positions, and the
 * sessions of the buses that use it. Pure and deterministic: the same commands at the same times
 * lead to the same state, outcomes and effects, so that it may be driven by one process, written
 * ahead to a log and replayed, or applied by every replica of a replicated log. Not safe for use by
 * several threads.
 *
 * <p>How delivery works: each group has a cursor per partition, each partition one owner among the
 * group's members. What a subscription is given costs it a credit and has a tag; settling the tag
 * gives the credit back, whether or not the delivery still counts. It counts while the tag is the
 * message's latest and the partition has not moved: a member that was fenced cannot settle what
 * another member has now. A delivery that is not settled in time fails, without giving back its
 * credit, so that a subscriber which does nothing holds no more than its credits; its partitions go
 * to others of the group until it moves again.
 *
 * <p>Limits of one broker: 10,000 topics, 10,000 sessions, 10,000 subscriptions of a session,
 * 10,000 groups of a topic. What is beyond is refused.
 */
public final class BrokerCore {
  static final int MAX_TOPICS = 10_000;
  static final int MAX_SESSIONS = 10_000;
  static final int MAX_SUBSCRIPTIONS = 10_000;
  static final int MAX_GROUPS = 10_000;

  private Turn turn = new Turn();
  private SortedMap<String, BrokerSession> sessions = new TreeMap<>();

  /** A broker without topics. */
  public BrokerCore() {}

  /**
   * What a command has led to.
   *
   * @param outcomes one, or one for each message or settlement of the command, in order
   * @param effects in the order in which each session is to hear of them
   */
  public record Step(List<Outcome> outcomes, List<BrokerEffect> effects) {}

  /**
   * Carries out {@code command}, after what has become due by {@code nowMillis}.
   *
   * @param nowMillis by any clock; a time before one that was given counts as that one
   */
  public Step step(long nowMillis, BrokerCommand command) {
    turn.nowMillis = Math.max(turn.nowMillis, nowMillis);
    for (Timed due : turn.agenda.due(turn.nowMillis)) {
      timePassed(due);
    }
    turn.pump();
    List<Outcome> outcomes = carryOut(command);
    turn.pump();
    return new Step(outcomes, turn.takeEffects());
  }

  /** When a {@link BrokerCommand.Tick} is needed if no command comes before; may be early. */
  public OptionalLong nextDeadlineMillis() {
    return turn.agenda.nextMillis();
  }

  /** The time of the latest step. */
  public long nowMillis() {
    return turn.nowMillis;
  }

  /** Whether there is a topic of this name. */
  public boolean hasTopic(String topic) {
    return turn.topics.containsKey(topic);
  }

  /** The sessions that are open, sorted. */
  public List<String> sessions() {
    return List.copyOf(sessions.keySet());
  }

  /**
   * Captures the state. Copies no message: costs O(chunks of 256 messages) and the state of
   * sessions, groups and producers. The capture may be written by another thread while steps go on.
   */
  public BrokerSnapshot freeze() {
    return BrokerSnapshot.of(turn, sessions);
  }

  /**
   * Replaces the state by one that {@link BrokerSnapshot#writeTo} has written.
   *
   * @throws io.quorate.core.codec.MalformedException if it was written by a newer release, or is
   *     damaged; the state is as before then
   */
  public void restore(InputStream in) throws IOException {
    BrokerSnapshot.Restored restored = BrokerSnapshot.read(in);
    turn = restored.turn();
    sessions = restored.sessions();
  }

  private void timePassed(Timed due) {
    if (due instanceof BrokerSession session) {
      end(session, true, "lease has run out");
    } else if (due instanceof Cursor cursor) {
      cursor.timePassed();
      turn.agenda.update(cursor);
    } else if (due instanceof Topic.Partition partition) {
      partition.timePassed(turn.nowMillis);
      turn.agenda.update(partition);
    } else {
      throw new AssertionError("unhandled " + due);
    }
  }

  private List<Outcome> carryOut(BrokerCommand command) {
    if (command instanceof BrokerCommand.Publish publish) {
      return publish(publish);
    }
    if (command instanceof BrokerCommand.Settle settle) {
      return settle(settle);
    }
    return List.of(carryOutOne(command));
  }

  private Outcome carryOutOne(BrokerCommand command) {
    if (command instanceof BrokerCommand.Create create) {
      return create(create);
    }
    if (command instanceof BrokerCommand.Describe describe) {
      Topic topic = turn.topics.get(describe.topic());
      return topic == null ? noTopic(describe.topic()) : new Outcome.Described(topic.options);
    }
    if (command instanceof BrokerCommand.DropGroup drop) {
      return dropGroup(drop);
    }
    if (command instanceof BrokerCommand.Ask ask) {
      return ask(ask);
    }
    if (command instanceof BrokerCommand.Answer answer) {
      return answer(answer);
    }
    if (command instanceof BrokerCommand.OpenSession open) {
      return open(open);
    }
    if (command instanceof BrokerCommand.KeepAlive keepAlive) {
      return withSession(keepAlive.session(), session -> Outcome.DONE);
    }
    if (command instanceof BrokerCommand.CloseSession close) {
      BrokerSession session = sessions.get(close.session());
      if (session != null) {
        end(session, false, "closed");
      }
      return Outcome.DONE;
    }
    if (command instanceof BrokerCommand.Resume resume) {
      return withSession(
          resume.session(),
          session -> {
            session.subscriptions.values().forEach(BrokerSubscription::resume);
            return Outcome.DONE;
          });
    }
    if (command instanceof BrokerCommand.Subscribe subscribe) {
      return withSession(subscribe.session(), session -> subscribe(session, subscribe));
    }
    if (command instanceof BrokerCommand.Unsubscribe unsubscribe) {
      return withSession(unsubscribe.session(), session -> unsubscribe(session, unsubscribe));
    }
    if (command instanceof BrokerCommand.Tick) {
      return Outcome.DONE;
    }
    throw new AssertionError("unhandled command " + command);
  }

  private Outcome create(BrokerCommand.Create create) {
    Topic known = turn.topics.get(create.topic());
    if (known != null) {
      return known.options.equals(create.options())
          ? Outcome.DONE
          : Outcome.refused(
              Code.OTHER_OPTIONS,
              "topic " + create.topic() + " exists with other options: " + known.options);
    }
    String deadLetters = create.options().redelivery().deadLetterTopic().orElse("");
    boolean alsoDeadLetters = !deadLetters.isEmpty() && !turn.topics.containsKey(deadLetters);
    if (deadLetters.equals(create.topic())) {
      return Outcome.refused(
          Code.IN_USE, "topic " + create.topic() + " must not be its own dead-letter topic");
    }
    if (turn.topics.size() + (alsoDeadLetters ? 2 : 1) > MAX_TOPICS) {
      return Outcome.refused(Code.LIMIT, "topic " + create.topic() + ": there are " + MAX_TOPICS);
    }
    add(create.topic(), create.options());
    if (alsoDeadLetters) {
      int headerRoom = 4 * Message.MAX_HEADER_LENGTH;
      TopicOptions options = TopicOptions.of(create.options().kind()).withPartitions(1);
      int bytes = create.options().maxMessageBytes() + headerRoom;
      Retention retention =
          Retention.defaults().withMaxBytes(Math.max(bytes, Retention.defaults().maxBytes()));
      add(deadLetters, options.withRetention(retention).withMaxMessageBytes(bytes));
    }
    return Outcome.DONE;
  }

  private void add(String name, TopicOptions options) {
    Topic topic = Topic.create(name, options, turn);
    turn.topics.put(name, topic);
    for (BrokerSession session : sessions.values()) {
      for (BrokerSubscription subscription : session.subscriptions.values()) {
        if (subscription.wish.pattern().matches(name)) {
          topic.group(subscription.groupKey(), StartPosition.EARLIEST).join(subscription);
        }
      }
    }
  }

  private Outcome dropGroup(BrokerCommand.DropGroup drop) {
    Topic topic = turn.topics.get(drop.topic());
    if (topic == null) {
      return noTopic(drop.topic());
    }
    Group group = topic.groups.get(Group.namedKey(drop.group()));
    if (group == null) {
      return Outcome.refused(
          Code.UNKNOWN, "topic " + drop.topic() + " has no group " + drop.group());
    }
    if (!group.members.isEmpty()) {
      return Outcome.refused(
          Code.IN_USE,
          "group " + drop.group() + " of topic " + drop.topic() + " has " + group.members.size()
              + " members");
    }
    remove(group);
    return Outcome.DONE;
  }

  private void remove(Group group) {
    group.cursors.forEach(turn.agenda::forget);
    group.topic.groups.remove(group.key);
  }

  private List<Outcome> publish(BrokerCommand.Publish publish) {
    Topic topic = turn.topics.get(publish.topic());
    List<Outcome> outcomes = new ArrayList<>(publish.messages().size());
    ProducerSequence stamp = publish.stamp().orElse(null);
    for (Message message : publish.messages()) {
      outcomes.add(topic == null ? noTopic(publish.topic()) : topic.store(message, stamp, null));
      if (stamp != null) {
        stamp = new ProducerSequence(stamp.producer(), stamp.sequence() + 1);
      }
    }
    return outcomes;
  }

  private static Outcome noTopic(String topic) {
    return Outcome.refused(Code.NO_TOPIC, "there is no topic " + topic);
  }

  private Outcome ask(BrokerCommand.Ask ask) {
    Topic topic = turn.topics.get(ask.topic());
    if (topic == null) {
      return noTopic(ask.topic());
    }
    if (!topic.hasListener()) {
      return Outcome.refused(Code.NO_LISTENER, "nobody is subscribed to topic " + ask.topic());
    }
    return topic.store(ask.message(), null, ask.replyTo());
  }

  private Outcome answer(BrokerCommand.Answer answer) {
    ReplyTo to = answer.replyTo();
    if (!sessions.containsKey(to.session())) {
      return noSession(to.session());
    }
    turn.emit(new BrokerEffect.Answered(to.session(), to.correlation(), answer.message()));
    return Outcome.DONE;
  }

  private Outcome open(BrokerCommand.OpenSession open) {
    BrokerSession session = sessions.get(open.session());
    if (session == null) {
      if (sessions.size() >= MAX_SESSIONS) {
        return Outcome.refused(
            Code.LIMIT, "session " + open.session() + ": there are " + MAX_SESSIONS);
      }
      session = new BrokerSession(turn.serial(), open.session());
      sessions.put(open.session(), session);
    }
    session.leaseMillis = open.leaseMillis();
    session.renew(turn.nowMillis);
    turn.agenda.update(session);
    return Outcome.DONE;
  }

  private interface ForSession {
    Outcome apply(BrokerSession session);
  }

  /** Every command of a session is a sign of its life. */
  private Outcome withSession(String name, ForSession action) {
    BrokerSession session = sessions.get(name);
    if (session == null) {
      return noSession(name);
    }
    session.renew(turn.nowMillis);
    return action.apply(session);
  }

  private static Outcome noSession(String name) {
    return Outcome.refused(Code.NO_SESSION, "session " + name + " is not open");
  }

  private void end(BrokerSession session, boolean failed, String reason) {
    sessions.remove(session.name);
    turn.agenda.forget(session);
    session.subscriptions.values().forEach(subscription -> end(subscription, failed));
    turn.emit(new BrokerEffect.Ended(session.name, reason));
  }

  private void end(BrokerSubscription subscription, boolean failed) {
    subscription.outstanding.values().forEach(held -> held.cursor().lost(held.sequence()));
    for (String name : List.copyOf(subscription.topics)) {
      Group group = turn.topics.get(name).groups.get(subscription.groupKey());
      group.leave(subscription, failed);
      if (!group.isNamed()) {
        remove(group);
      }
    }
  }

  private Outcome subscribe(BrokerSession session, BrokerCommand.Subscribe wish) {
    BrokerSubscription known = session.subscriptions.get(wish.subscription());
    if (known != null) {
      return known.wish.equals(wish)
          ? new Outcome.Subscribed(known.places())
          : Outcome.refused(
              Code.IN_USE,
              "session " + session.name + " has another subscription " + wish.subscription());
    }
    if (session.subscriptions.size() >= MAX_SUBSCRIPTIONS) {
      return Outcome.refused(
          Code.LIMIT, "session " + session.name + " has " + MAX_SUBSCRIPTIONS + " subscriptions");
    }
    if (!wish.pattern().isWildcard() && !turn.topics.containsKey(wish.pattern().value())) {
      return noTopic(wish.pattern().value());
    }
    BrokerSubscription subscription = new BrokerSubscription(session, wish, turn);
    List<Topic> matching =
        turn.topics.values().stream().filter(t -> wish.pattern().matches(t.name)).toList();
    for (Topic topic : matching) {
      if (topic.groups.size() >= MAX_GROUPS && !topic.groups.containsKey(subscription.groupKey())) {
        return Outcome.refused(
            Code.LIMIT, "topic " + topic.name + " has " + MAX_GROUPS + " groups");
      }
    }
    session.subscriptions.put(wish.subscription(), subscription);
    matching.forEach(t -> t.group(subscription.groupKey(), wish.start()).join(subscription));
    return new Outcome.Subscribed(subscription.places());
  }

  private Outcome unsubscribe(BrokerSession session, BrokerCommand.Unsubscribe command) {
    BrokerSubscription subscription = session.subscriptions.remove(command.subscription());
    if (subscription != null) {
      end(subscription, false);
    }
    return Outcome.DONE;
  }

  private List<Outcome> settle(BrokerCommand.Settle settle) {
    List<Outcome> outcomes = new ArrayList<>(settle.settlements().size());
    for (BrokerCommand.Settlement settlement : settle.settlements()) {
      outcomes.add(withSession(settle.session(), session -> settle(session, settlement)));
    }
    return outcomes;
  }

  private static Outcome settle(BrokerSession session, BrokerCommand.Settlement settlement) {
    BrokerSubscription subscription = session.subscriptions.get(settlement.subscription());
    if (subscription == null) {
      return Outcome.refused(
          Code.FENCED,
          "session " + session.name + " has no subscription " + settlement.subscription()
              + " any more");
    }
    return subscription.settle(settlement);
  }
}
