package io.quorate.core.pubsub;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The state of a broker without its messages.
 *
 * <pre>
 * State        varint nowMillis | varint nextSerial | varint topics | Topic*
 *              | varint sessions | Session* | varint topics' groups, in order: Group*
 * Topic        text name | Options | varint epoch | varint roundRobin
 *              | (varint serial | varint start | varint end) for each partition
 *              | varint producers | Producer*
 * Producer     text name | varint forgotten + 1 | varint n | (varint sequence | varint partition
 *              | varint offset)*
 * Session      text name | varint serial | varint leaseMillis | varint endsAtMillis
 *              | varint subscriptions | Subscription*
 * Subscription Subscribe as in {@link BrokerCommandCodec} | varint credits | varint nextTag
 *              | bool stalled
 * Group        text key | varint generation | varint members | (text session | varint number)*
 *              | Cursor for each partition
 * Cursor       varint serial | varint next | varint generation | varint lostFrom | varint lostTo
 *              | bool owner? | [text session | varint number] | varint unsettled | Unsettled*
 *              | varint held keys | (text key | varint n | (varint sequence)*)*
 * Unsettled    varint sequence | text key | int8 state | varint failures | varint attempts
 *              | bool at? | [varint atMillis] | varint tag
 * then, for each subscription in order:
 *              varint outstanding | (varint tag | varint cursor | varint sequence)*
 *              | varint starving | (varint cursor)*
 * </pre>
 */
final class BrokerStateCodec {
  private static final int MAX_KEY_BYTES = 3 * Message.MAX_KEY_LENGTH;

  private final Turn turn = new Turn();
  private final SortedMap<String, BrokerSession> sessions = new TreeMap<>();
  private final Map<Long, Cursor> cursors = new TreeMap<>();
  private final ByteReader in;

  private BrokerStateCodec(ByteReader in) {
    this.in = in;
  }

  static void write(ByteWriter out, Turn turn, SortedMap<String, BrokerSession> sessions) {
    out.varint(turn.nowMillis).varint(turn.nextSerial).varint(turn.topics.size());
    turn.topics.values().forEach(topic -> write(out, topic));
    out.varint(sessions.size());
    sessions.values().forEach(session -> write(out, session));
    for (Topic topic : turn.topics.values()) {
      out.varint(topic.groups.size());
      topic.groups.values().forEach(group -> write(out, group));
    }
    for (BrokerSession session : sessions.values()) {
      session.subscriptions.values().forEach(subscription -> writeHeld(out, subscription));
    }
  }

  private static void write(ByteWriter out, Topic topic) {
    Fields.write(out.text(topic.name), topic.options);
    out.varint(topic.epoch).varint(topic.roundRobin);
    for (Topic.Partition each : topic.partitions) {
      out.varint(each.serial).varint(each.log.start()).varint(each.log.end());
    }
    out.varint(topic.dedup.producers().size());
    topic.dedup.producers().forEach(
        (name, producer) -> {
          out.text(name).varint(producer.forgotten + 1).varint(producer.recent.size());
          producer.recent.forEach(
              (sequence, receipt) ->
                  out.varint(sequence).varint(receipt.partition()).varint(receipt.sequence()));
        });
  }

  private static void write(ByteWriter out, BrokerSession session) {
    out.text(session.name)
        .varint(session.serial)
        .varint(session.leaseMillis)
        .varint(session.endsAtMillis)
        .varint(session.subscriptions.size());
    for (BrokerSubscription each : session.subscriptions.values()) {
      BrokerCommandCodec.write(out, each.wish);
      out.varint(each.credits).varint(each.nextTag).bool(each.stalled);
    }
  }

  private static void write(ByteWriter out, Group group) {
    out.text(group.key).varint(group.generation).varint(group.members.size());
    group.members.forEach(member -> out.text(member.session.name).varint(member.number));
    for (Cursor cursor : group.cursors) {
      out.varint(cursor.serial).varint(cursor.next).varint(cursor.generation);
      boolean lost = cursor.lostFrom < cursor.lostTo;
      out.varint(lost ? cursor.lostFrom : 0).varint(lost ? cursor.lostTo : 0);
      out.bool(cursor.owner != null);
      if (cursor.owner != null) {
        out.text(cursor.owner.session.name).varint(cursor.owner.number);
      }
      out.varint(cursor.unsettled.size());
      cursor.unsettled.values().forEach(message -> write(out, message));
      out.varint(cursor.held.size());
      cursor.held.forEach(
          (key, behind) -> {
            out.text(key).varint(behind.size());
            behind.forEach(out::varint);
          });
    }
  }

  private static void write(ByteWriter out, Cursor.Unsettled message) {
    out.varint(message.sequence)
        .text(message.key)
        .int8(message.state.ordinal())
        .varint(message.failures)
        .varint(message.attempts)
        .bool(message.atMillis != Timed.NEVER);
    if (message.atMillis != Timed.NEVER) {
      out.varint(message.atMillis);
    }
    out.varint(message.tag);
  }

  private static void writeHeld(ByteWriter out, BrokerSubscription subscription) {
    out.varint(subscription.outstanding.size());
    subscription.outstanding.forEach(
        (tag, delivery) ->
            out.varint(tag).varint(delivery.cursor().serial).varint(delivery.sequence()));
    out.varint(subscription.starving.size());
    subscription.starving.forEach(cursor -> out.varint(cursor.serial));
  }

  static BrokerSnapshot.Restored read(ByteReader in) {
    BrokerStateCodec codec = new BrokerStateCodec(in);
    Fields.checked(
        in,
        () -> {
          codec.readAll();
          return true;
        });
    return new BrokerSnapshot.Restored(codec.turn, codec.sessions);
  }

  private void readAll() {
    turn.nowMillis = in.varint();
    turn.nextSerial = in.varint();
    for (int i = in.count(1, "topics"); i > 0; i--) {
      readTopic();
    }
    for (int i = in.count(1, "sessions"); i > 0; i--) {
      readSession();
    }
    for (Topic topic : turn.topics.values()) {
      for (int i = in.count(1, "groups"); i > 0; i--) {
        readGroup(topic);
      }
    }
    for (BrokerSession session : sessions.values()) {
      session.subscriptions.values().forEach(this::readHeld);
    }
    in.expectEnd();
  }

  private void readTopic() {
    Topic topic = new Topic(Fields.name(in), Fields.options(in), in.varint(), turn);
    topic.roundRobin = in.varint(topic.options.partitions() - 1, "partition");
    for (int i = 0; i < topic.options.partitions(); i++) {
      Topic.Partition partition = new Topic.Partition(in.varint(), topic.options.retention());
      partition.log.reset(in.varint(), in.varint());
      topic.partitions.add(partition);
    }
    for (int i = in.count(1, "producers"); i > 0; i--) {
      Dedup.Producer producer = new Dedup.Producer();
      topic.dedup.producers().put(Fields.name(in), producer);
      producer.forgotten = in.varint() - 1;
      for (int j = in.count(1, "sequences"); j > 0; j--) {
        producer.recent.put(in.varint(), new Receipt(Fields.number(in), in.varint(), false));
      }
    }
    turn.topics.put(topic.name, topic);
  }

  private void readSession() {
    String name = Fields.name(in);
    BrokerSession session = new BrokerSession(in.varint(), name);
    session.leaseMillis = in.varint();
    session.endsAtMillis = in.varint();
    turn.agenda.update(session);
    for (int i = in.count(1, "subscriptions"); i > 0; i--) {
      BrokerSubscription each =
          new BrokerSubscription(session, BrokerCommandCodec.subscribe(in), turn);
      each.credits = Fields.number(in);
      each.nextTag = in.varint();
      each.stalled = in.bool();
      session.subscriptions.put(each.number, each);
    }
    sessions.put(name, session);
  }

  private BrokerSubscription subscription() {
    BrokerSession session = sessions.get(Fields.name(in));
    BrokerSubscription found = session == null ? null : session.subscriptions.get(in.varint());
    if (found == null) {
      throw in.malformed("no such subscription");
    }
    return found;
  }

  private void readGroup(Topic topic) {
    Group group = new Group(in.text(), topic);
    topic.groups.put(group.key, group);
    group.generation = in.varint();
    for (int i = in.count(1, "members"); i > 0; i--) {
      BrokerSubscription member = subscription();
      group.members.add(member);
      member.topics.add(topic.name);
    }
    for (int i = 0; i < topic.partitions.size(); i++) {
      Cursor cursor = new Cursor(in.varint(), topic, group, i, in.varint());
      cursor.generation = in.varint();
      cursor.lostFrom = in.varint();
      cursor.lostTo = in.varint();
      cursor.owner = in.bool() ? subscription() : null;
      group.cursors.add(cursor);
      cursors.put(cursor.serial, cursor);
      for (int j = in.count(1, "unsettled"); j > 0; j--) {
        readUnsettled(cursor);
      }
      for (int j = in.count(1, "held keys"); j > 0; j--) {
        TreeSet<Long> behind = new TreeSet<>();
        cursor.held.put(in.text(MAX_KEY_BYTES, "key"), behind);
        for (int k = in.count(1, "held"); k > 0; k--) {
          behind.add(in.varint());
        }
      }
    }
  }

  private void readUnsettled(Cursor cursor) {
    Cursor.Unsettled message =
        new Cursor.Unsettled(
            in.varint(),
            in.text(MAX_KEY_BYTES, "key"),
            Fields.constant(in, Cursor.State.values()));
    message.failures = Fields.number(in);
    message.attempts = Fields.number(in);
    message.atMillis = in.bool() ? in.varint() : Timed.NEVER;
    message.tag = in.varint();
    cursor.restore(message);
  }

  private void readHeld(BrokerSubscription subscription) {
    for (int i = in.count(3, "outstanding"); i > 0; i--) {
      subscription.outstanding.put(
          in.varint(), new BrokerSubscription.Outstanding(cursor(), in.varint()));
    }
    for (int i = in.count(1, "starving"); i > 0; i--) {
      subscription.starving.add(cursor());
    }
  }

  /** A cursor by its serial. */
  private Cursor cursor() {
    Cursor found = cursors.get(in.varint());
    if (found == null) {
      throw in.malformed("no such cursor");
    }
    return found;
  }
}
