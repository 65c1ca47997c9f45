package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whom one operation concerns and how many of them it needs. Immutable. A replica is meant by its
 * position in {@code replicas}, a set of them by the bits of a {@code long}.
 *
 * @param replicas all that are written to, without repetition; at most 64
 * @param read how many must answer before a version is chosen
 * @param hold how many must hold a version before a read may return it: so many that every later
 *     read meets one of them
 * @param write how many must hold a new version before it is acknowledged
 */
record Plan(List<NodeId> replicas, List<Quota> read, List<Quota> hold, List<Quota> write) {
  /** The most replicas of a key; while it moves there are twice as many. */
  static final int MAX_REPLICAS = 32;

  /**
   * The plan of an operation.
   *
   * @param sets the replicas of the key; while it moves, those before and those after
   * @param zones which zone each node is in
   */
  static Plan of(
      Consistency level,
      List<List<NodeId>> sets,
      QuorumOptions options,
      NodeId self,
      Map<NodeId, String> zones) {
    Set<NodeId> all = new LinkedHashSet<>();
    sets.forEach(all::addAll);
    List<NodeId> replicas = List.copyOf(all);
    List<Quota> read = new ArrayList<>();
    List<Quota> hold = new ArrayList<>();
    List<Quota> write = new ArrayList<>();
    for (List<NodeId> set : sets) {
      for (Share share : shares(level, set, options, self, zones)) {
        long members = bitsOf(replicas, share.members);
        int size = share.members.size();
        read.add(new Quota(members, share.needed));
        hold.add(new Quota(members, Math.max(0, size - share.needed + 1)));
        write.add(new Quota(members, writeQuorum(level, size, options)));
      }
    }
    return new Plan(replicas, List.copyOf(read), List.copyOf(hold), List.copyOf(write));
  }

  /** The position of {@code node}, -1 if it is no replica. */
  int indexOf(NodeId node) {
    return replicas.indexOf(node);
  }

  /** All replicas. */
  long all() {
    return -1L >>> Long.SIZE - replicas.size();
  }

  /** All whose answer counts towards what a read needs. */
  long readers() {
    long readers = 0;
    for (Quota quota : read) {
      readers |= quota.members();
    }
    return readers;
  }

  /** The bits of {@code nodes}. */
  long bitsOf(Collection<NodeId> nodes) {
    return bitsOf(replicas, nodes);
  }

  private static long bitsOf(List<NodeId> replicas, Collection<NodeId> nodes) {
    long bits = 0;
    for (NodeId node : nodes) {
      bits |= 1L << replicas.indexOf(node);
    }
    return bits;
  }

  /** The nodes that {@code bits} mean, for messages. */
  List<NodeId> nodesOf(long bits) {
    List<NodeId> nodes = new ArrayList<>();
    for (long left = bits; left != 0; left &= left - 1) {
      nodes.add(replicas.get(Long.numberOfTrailingZeros(left)));
    }
    return nodes;
  }

  /** So many of these must answer a read. */
  private record Share(List<NodeId> members, int needed) {}

  private static List<Share> shares(
      Consistency level,
      List<NodeId> set,
      QuorumOptions options,
      NodeId self,
      Map<NodeId, String> zones) {
    return switch (level) {
      case ONE -> List.of(new Share(set, 1));
      case QUORUM -> List.of(new Share(set, options.readQuorum(set.size())));
      case LINEARIZABLE -> List.of(new Share(set, Quota.majority(set.size())));
      case ALL -> List.of(new Share(set, set.size()));
      case LOCAL_QUORUM -> {
        String here = zones.getOrDefault(self, "");
        List<NodeId> local =
            set.stream().filter(node -> zones.getOrDefault(node, "").equals(here)).toList();
        // Without a replica in this zone the operation is one on all of them.
        List<NodeId> members = local.isEmpty() ? set : local;
        yield List.of(new Share(members, Quota.majority(members.size())));
      }
      case EACH_QUORUM -> {
        Map<String, List<NodeId>> byZone = new TreeMap<>();
        for (NodeId node : set) {
          byZone.computeIfAbsent(zones.getOrDefault(node, ""), z -> new ArrayList<>()).add(node);
        }
        yield byZone.values().stream()
            .map(members -> new Share(members, Quota.majority(members.size())))
            .toList();
      }
    };
  }

  private static int writeQuorum(Consistency level, int size, QuorumOptions options) {
    return switch (level) {
      case ONE -> 1;
      case ALL -> size;
      case QUORUM -> options.writeQuorum(size);
      default -> Quota.majority(size);
    };
  }
}
