package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whom one operation concerns and how many of them it needs.
 *
 * @param replicas all that are written to, without repetition
 * @param read how many must answer before a version is chosen
 * @param hold how many must hold a version before a read may return it: so many that every later
 *     read meets one of them
 * @param write how many must hold a new version before it is acknowledged
 */
record Plan(List<NodeId> replicas, List<Quota> read, List<Quota> hold, List<Quota> write) {
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
    List<Quota> read = new ArrayList<>();
    List<Quota> hold = new ArrayList<>();
    List<Quota> write = new ArrayList<>();
    for (List<NodeId> set : sets) {
      for (Quota quota : quotas(level, set, options, self, zones)) {
        int size = quota.members().size();
        int writes = writeQuorum(level, size, options);
        read.add(quota);
        hold.add(new Quota(quota.members(), Math.max(0, size - quota.needed() + 1)));
        write.add(new Quota(quota.members(), writes));
      }
    }
    return new Plan(List.copyOf(all), read, hold, write);
  }

  private static List<Quota> quotas(
      Consistency level,
      List<NodeId> set,
      QuorumOptions options,
      NodeId self,
      Map<NodeId, String> zones) {
    return switch (level) {
      case ONE -> List.of(new Quota(set, 1));
      case QUORUM -> List.of(new Quota(set, options.readQuorum(set.size())));
      case LINEARIZABLE -> List.of(new Quota(set, Quota.majority(set.size())));
      case ALL -> List.of(new Quota(set, set.size()));
      case LOCAL_QUORUM -> {
        String here = zones.getOrDefault(self, "");
        List<NodeId> local =
            set.stream().filter(node -> zones.getOrDefault(node, "").equals(here)).toList();
        // Without a replica in this zone the operation is one on all of them.
        List<NodeId> members = local.isEmpty() ? set : local;
        yield List.of(new Quota(members, Quota.majority(members.size())));
      }
      case EACH_QUORUM -> {
        Map<String, List<NodeId>> byZone = new TreeMap<>();
        for (NodeId node : set) {
          byZone.computeIfAbsent(zones.getOrDefault(node, ""), z -> new ArrayList<>()).add(node);
        }
        yield byZone.values().stream()
            .map(members -> new Quota(members, Quota.majority(members.size())))
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
