package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.replication.replica.Topology;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A state of the placement, as replicas, their repair and coordinators see it. */
record PlacementTopology(PlacementState state) implements Topology {
  /** One placement for ever, under its own epoch. */
  static PlacementTopology of(Placement placement) {
    return new PlacementTopology(
        new PlacementState(placement.epoch(), placement, Optional.empty()));
  }

  @Override
  public long epoch() {
    return state.epoch();
  }

  @Override
  public boolean isMoving() {
    return state.isMoving();
  }

  @Override
  public List<NodeId> nodes() {
    return state.nodes();
  }

  /** The zones of {@code known} nodes, and of others those that a partitioner says they are in. */
  Map<NodeId, String> zones(Map<NodeId, String> known) {
    Map<NodeId, String> zones = new TreeMap<>();
    Stream.concat(Stream.of(state.current()), state.next().stream())
        .filter(PartitionerPlacement.class::isInstance)
        .flatMap(its -> ((PartitionerPlacement) its).partitioner().members().stream())
        .forEach(member -> zones.put(member.node(), member.zone()));
    zones.putAll(known);
    return zones;
  }

  /** Quorums are needed in each of these: of the sources, and of where the key moves to. */
  List<List<NodeId>> quorumSetsOf(byte[] key) {
    List<NodeId> sources = state.current().replicasOf(key);
    if (state.next().isEmpty()) {
      return List.of(sources);
    }
    List<NodeId> targets = state.next().get().replicasOf(key);
    return sources.equals(targets) ? List.of(sources) : List.of(sources, targets);
  }

  @Override
  public List<List<NodeId>> setsOf(byte[] key) {
    List<List<NodeId>> sets = quorumSetsOf(key);
    return sets.size() == 1 ? sets : List.of(union(sets.get(0), sets.get(1)));
  }

  private static List<NodeId> union(List<NodeId> sources, List<NodeId> targets) {
    TreeSet<NodeId> all = new TreeSet<>(sources);
    all.addAll(targets);
    return List.copyOf(all);
  }

  @Override
  public List<List<NodeId>> setsWith(NodeId node) {
    // While keys move, peers tell of the sets that have any: not every pair of two sets is one.
    return state.isMoving()
        ? List.of()
        : state.current().sets().stream().filter(set -> set.contains(node)).toList();
  }

  @Override
  public List<List<NodeId>> sources() {
    return state.current().sets();
  }

  @Override
  public boolean isSource(NodeId node, byte[] key) {
    return state.current().replicasOf(key).contains(node);
  }
}
