package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The members of a placement in a fixed order, with their weights and zones as arrays. */
final class Membership<N> {
  /** Owners are stored as {@code char}; the largest value means none. */
  static final int MAX_MEMBERS = Character.MAX_VALUE;

  final List<Member<N>> members;
  final N[] nodes;
  final double[] weights;
  /** Dense numbers of the zones in order of first appearance; a node without a zone has its own. */
  final int[] zones;
  final int zoneCount;
  /** How many members have weight. */
  final int eligible;

  private final boolean byId;
  private final Map<String, Integer> indexes = new HashMap<>();

  private Membership(List<Member<N>> members, boolean byId) {
    this.members = List.copyOf(members);
    this.byId = byId;
    int count = members.size();
    PlacementException.require(count <= MAX_MEMBERS, "members", count,
        "must be at most " + MAX_MEMBERS);
    nodes = newArray(count);
    weights = new double[count];
    zones = new int[count];
    Map<String, Integer> zoneNumbers = new HashMap<>();
    int zone = 0;
    int weighty = 0;
    for (int i = 0; i < count; i++) {
      Member<N> member = members.get(i);
      PlacementException.require(indexes.put(member.id(), i) == null, "members", member.id(),
          "must have distinct ids");
      nodes[i] = member.node();
      weights[i] = member.weight();
      weighty += member.weight() > 0 ? 1 : 0;
      Integer known = member.zone().isEmpty() ? null : zoneNumbers.get(member.zone());
      zones[i] = known == null ? zone++ : known;
      if (known == null && !member.zone().isEmpty()) {
        zoneNumbers.put(member.zone(), zones[i]);
      }
    }
    zoneCount = zone;
    eligible = weighty;
    PlacementException.require(eligible > 0, "members", describe(),
        "must have one with weight above 0");
  }

  /** Ordered by id, whatever the order given. */
  static <N> Membership<N> byId(Collection<Member<N>> members) {
    return new Membership<>(sorted(checked(members)), true);
  }

  /** In the order given. */
  static <N> Membership<N> inOrder(Collection<Member<N>> members) {
    return new Membership<>(checked(members), false);
  }

  int size() {
    return nodes.length;
  }

  /** The index of a member, or -1. */
  int indexOf(String id) {
    return indexes.getOrDefault(id, -1);
  }

  Member<N> require(String id) {
    int index = indexOf(PlacementException.present(id, "id"));
    PlacementException.require(index >= 0, "id", id, "must be that of a member");
    return members.get(index);
  }

  Membership<N> with(Member<N> member) {
    PlacementException.present(member, "member");
    PlacementException.require(indexOf(member.id()) < 0, "id", member.id(),
        "must not be that of a member");
    List<Member<N>> next = new ArrayList<>(members);
    next.add(member);
    return new Membership<>(byId ? sorted(next) : next, byId);
  }

  Membership<N> without(String id) {
    require(id);
    return new Membership<>(
        members.stream().filter(member -> !member.id().equals(id)).toList(), byId);
  }

  Membership<N> reweight(String id, double weight) {
    Member<N> changed = require(id).withWeight(weight);
    return new Membership<>(
        members.stream().map(member -> member.id().equals(id) ? changed : member).toList(), byId);
  }

  /** For each index here the index of the same id there, or -1. */
  int[] indexesIn(Membership<?> other) {
    int[] result = new int[size()];
    for (int i = 0; i < result.length; i++) {
      result[i] = other.indexOf(members.get(i).id());
    }
    return result;
  }

  /** All members must have weight 1: the strategy knows no other. */
  void requireUnweighted(String strategy) {
    for (Member<N> member : members) {
      PlacementException.require(member.weight() == 1, "weight", member.weight(),
          "of " + member.id() + " must be 1 in " + strategy);
    }
  }

  @SuppressWarnings("unchecked") // erased: never handed out, read only as N
  private static <N> N[] newArray(int count) {
    return (N[]) new Object[count];
  }

  private String describe() {
    return members.isEmpty() ? "none" : members.size() + " without weight";
  }

  private static <N> List<Member<N>> checked(Collection<Member<N>> members) {
    PlacementException.present(members, "members");
    List<Member<N>> list = new ArrayList<>(members);
    list.forEach(member -> PlacementException.present(member, "member"));
    return list;
  }

  private static <N> List<Member<N>> sorted(List<Member<N>> members) {
    return members.stream().sorted(Comparator.comparing(Member<N>::id)).toList();
  }
}
