package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Subscribers of one topic that share its partitions. Each partition belongs to one member at a
 * time; with each change of members or of their share the generation grows, and partitions stay
 * where they are if they can.
 */
final class Group {
  private static final String NAMED = "group:";

  final String key;
  final Topic topic;
  final List<Cursor> cursors = new ArrayList<>();
  final SortedSet<BrokerSubscription> members = new TreeSet<>();
  long generation;

  Group(String key, Topic topic) {
    this.key = key;
    this.topic = topic;
  }

  static String namedKey(String name) {
    return NAMED + name;
  }

  static String privateKey(String session, long subscription) {
    return "session:" + session + ":" + subscription;
  }

  boolean isNamed() {
    return key.startsWith(NAMED);
  }

  /** The name that users know it by; empty for a subscriber's own. */
  String publicName() {
    return isNamed() ? key.substring(NAMED.length()) : "";
  }

  void join(BrokerSubscription member) {
    members.add(member);
    member.topics.add(topic.name);
    rebalance(false);
  }

  /**
   * Takes {@code member} out.
   *
   * @param failed whether it was lost, and with it perhaps what it had
   */
  void leave(BrokerSubscription member, boolean failed) {
    members.remove(member);
    member.topics.remove(topic.name);
    rebalance(failed);
  }

  /** The members are the same, but not who of them works. */
  void rebalanceMembers() {
    if (members.size() > 1) {
      rebalance(false);
    }
  }

  private void rebalance(boolean formerFailed) {
    generation++;
    List<BrokerSubscription> working =
        members.stream().filter(member -> !member.stalled).toList();
    BrokerSubscription[] owners = share(working.isEmpty() ? members : working);
    for (Cursor cursor : cursors) {
      BrokerSubscription owner = owners[cursor.partition];
      if (owner != cursor.owner) {
        cursor.assign(owner, generation, formerFailed && cursor.owner != null);
      }
    }
    if (isNamed()) {
      tellMembers();
    }
  }

  /** Spreads the partitions evenly and moves as few as that allows. */
  private BrokerSubscription[] share(Collection<BrokerSubscription> among) {
    BrokerSubscription[] owners = new BrokerSubscription[cursors.size()];
    if (among.isEmpty()) {
      return owners;
    }
    int least = cursors.size() / among.size();
    int more = cursors.size() % among.size();
    SortedMap<BrokerSubscription, Integer> loads = new TreeMap<>();
    among.forEach(member -> loads.put(member, 0));
    for (Cursor cursor : cursors) {
      Integer load = cursor.owner == null ? null : loads.get(cursor.owner);
      if (load != null && (load < least || (load == least && more > 0))) {
        more -= load == least ? 1 : 0;
        owners[cursor.partition] = cursor.owner;
        loads.put(cursor.owner, load + 1);
      }
    }
    for (int partition = 0; partition < owners.length; partition++) {
      if (owners[partition] == null) {
        BrokerSubscription idlest = null;
        for (var each : loads.entrySet()) {
          if (idlest == null || each.getValue() < loads.get(idlest)) {
            idlest = each.getKey();
          }
        }
        owners[partition] = idlest;
        loads.merge(idlest, 1, Integer::sum);
      }
    }
    return owners;
  }

  private void tellMembers() {
    for (BrokerSubscription member : members) {
      List<Integer> partitions =
          cursors.stream().filter(c -> c.owner == member).map(c -> c.partition).toList();
      topic.turn.emit(
          new BrokerEffect.Assign(
              member.session.name, member.number, topic.name, generation, partitions));
    }
  }
}
