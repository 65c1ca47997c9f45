package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** One topic: its partitions, its groups, and the producers it knows. */
final class Topic {
  private static final long NO_FLOOR = Long.MAX_VALUE;

  /** One partition; due when its oldest message is too old. */
  static final class Partition extends Timed {
    final PartitionLog log;
    private final long maxAgeMillis;
    private final boolean compacted;

    Partition(long serial, Retention retention) {
      super(serial);
      this.log = new PartitionLog(retention.compacted());
      this.maxAgeMillis = retention.maxAge().toMillis();
      this.compacted = retention.compacted();
    }

    @Override
    long dueMillis() {
      Entry oldest = compacted ? log.oldestTombstone() : log.oldest();
      return oldest == null ? NEVER : oldest.timestampMillis() + maxAgeMillis;
    }

    /** Drops what is too old. */
    void timePassed(long nowMillis) {
      while (dueMillis() <= nowMillis) {
        if (compacted) {
          log.dropTombstone();
        } else {
          log.dropOldest();
        }
      }
    }
  }

  final String name;
  final TopicOptions options;

  /** When it was created, so that it is not taken for another one of its name. */
  final long epoch;

  final Turn turn;
  final long ackTimeoutMillis;
  final List<Partition> partitions = new ArrayList<>();
  final SortedMap<String, Group> groups = new TreeMap<>();
  final Dedup dedup;

  /** Where the next message without a key goes. */
  int roundRobin;

  Topic(String name, TopicOptions options, long epoch, Turn turn) {
    this.name = name;
    this.options = options;
    this.epoch = epoch;
    this.turn = turn;
    this.ackTimeoutMillis = options.redelivery().ackTimeout().toMillis();
    this.dedup = new Dedup(options.dedupWindow(), options.maxProducers());
  }

  /** With partitions that are empty. */
  static Topic create(String name, TopicOptions options, Turn turn) {
    Topic topic = new Topic(name, options, turn.nowMillis, turn);
    for (int i = 0; i < options.partitions(); i++) {
      topic.partitions.add(new Partition(turn.serial(), options.retention()));
    }
    return topic;
  }

  /** The group called {@code key}; begins at {@code start} if it is new. */
  Group group(String key, StartPosition start) {
    Group known = groups.get(key);
    if (known != null) {
      return known;
    }
    Group group = new Group(key, this);
    for (int i = 0; i < partitions.size(); i++) {
      long next = startOf(i, start);
      group.cursors.add(new Cursor(turn.serial(), this, group, i, next));
    }
    groups.put(key, group);
    return group;
  }

  private long startOf(int partition, StartPosition start) {
    PartitionLog log = partitions.get(partition).log;
    if (start instanceof StartPosition.Latest) {
      return log.end();
    }
    if (start instanceof StartPosition.Earliest) {
      return log.start();
    }
    if (start instanceof StartPosition.Retained) {
      Entry latest = log.latest();
      boolean all = options.retention().compacted() || latest == null;
      return all ? log.start() : latest.sequence();
    }
    if (start instanceof StartPosition.FromSequence from) {
      return Math.min(from.sequence(), log.end());
    }
    if (start instanceof StartPosition.Since since) {
      return log.since(turn.nowMillis - since.age().toMillis());
    }
    if (start instanceof StartPosition.Resume resume) {
      StartPosition.Place place = resume.topics().get(name);
      StartPosition.Spot spot =
          place == null || place.epoch() != epoch ? null : place.partitions().get(partition);
      if (spot == null) {
        return log.start();
      }
      return Math.min(log.end(), options.kind() == TopicKind.MEMORY ? spot.next() : spot.floor());
    }
    throw new AssertionError("unhandled start " + start);
  }

  /** Whether somebody would be given a message now or as soon as it can take one. */
  boolean hasListener() {
    return groups.values().stream().anyMatch(group -> !group.members.isEmpty());
  }

  /**
   * Stores {@code message}, unless it is stored already or refused.
   *
   * @param stamp what it is recognised by if it does not say; null if there is none
   * @param replyTo null if no answer is wanted
   */
  Outcome store(Message message, ProducerSequence stamp, ReplyTo replyTo) {
    ProducerSequence id = message.producer().orElse(stamp);
    boolean recognise = options.kind() == TopicKind.DEDUP && id != null;
    Outcome former = recognise ? dedup.former(id) : null;
    if (former == null) {
      former = objection(message);
    }
    if (former != null) {
      return former;
    }
    int index = partitionOf(message);
    Partition partition = partitions.get(index);
    if (!makeRoom(partition.log, index, message)) {
      return Outcome.refused(
          Refusal.Code.FULL,
          "partition " + index + " of topic " + name + " is full: " + partition.log.count()
              + " messages of " + partition.log.bytes() + " bytes");
    }
    if (message.rawKey().isEmpty()) {
      roundRobin = (index + 1) % partitions.size();
    }
    Receipt receipt = new Receipt(index, partition.log.end(), false);
    partition.log.append(
        new Entry(receipt.sequence(), turn.nowMillis, message.withoutProducer(), replyTo));
    turn.agenda.update(partition);
    if (recognise) {
      dedup.remember(id, receipt);
    }
    groups.values().forEach(group -> turn.markDirty(group.cursors.get(index)));
    return new Outcome.Stored(receipt);
  }

  private Outcome objection(Message message) {
    if (message.sizeBytes() > options.maxMessageBytes()) {
      return Outcome.refused(
          Refusal.Code.TOO_LARGE,
          "message of " + message.sizeBytes() + " bytes for topic " + name
              + ", which takes at most "
              + options.maxMessageBytes());
    }
    if (options.retention().compacted() && message.rawKey().isEmpty()) {
      return Outcome.refused(
          Refusal.Code.NO_KEY, "message without a key for topic " + name + ", which is compacted");
    }
    return null;
  }

  /** Where {@code message} goes; depends on the key's characters and the number of partitions. */
  private int partitionOf(Message message) {
    String key = message.rawKey();
    if (key.isEmpty()) {
      return roundRobin;
    }
    int hash = key.hashCode() * 0x9E3779B9;
    return Math.floorMod(hash ^ (hash >>> 16), partitions.size());
  }

  /** Drops what nobody needs to make room for {@code message}; whether there is room then. */
  private boolean makeRoom(PartitionLog log, int index, Message message) {
    Entry replaced = log.replacedBy(message);
    int freedCount = replaced == null ? 0 : 1;
    long freedBytes = replaced == null ? 0 : replaced.message().sizeBytes();
    Retention retention = options.retention();
    while (log.count() - freedCount >= retention.maxMessages()
        || log.bytes() - freedBytes + message.sizeBytes() > retention.maxBytes()) {
      Entry tombstone = log.oldestTombstone();
      if (tombstone != null && tombstone != replaced) {
        log.dropTombstone();
      } else if (options.overflow() == Overflow.DROP_OLDEST) {
        if (log.oldest() == replaced) {
          replaced = null;
          freedCount = 0;
          freedBytes = 0;
        }
        log.dropOldest();
      } else if (options.overflow() == Overflow.REFUSE
          && !retention.compacted()
          && log.oldest().sequence() < floor(index)) {
        log.dropOldest();
      } else {
        return false;
      }
    }
    return true;
  }

  /** Every group has settled what is below. */
  private long floor(int partition) {
    long floor = NO_FLOOR;
    for (Group group : groups.values()) {
      floor = Math.min(floor, group.cursors.get(partition).floor());
    }
    return floor;
  }
}
