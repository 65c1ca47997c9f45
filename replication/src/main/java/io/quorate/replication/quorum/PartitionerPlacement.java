package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Partitioner;
import java.util.ArrayList;
import java.util.List;

/** A partitioner's owners, in the order of their names, so that one set of nodes is one list. */
final class PartitionerPlacement implements Placement {
  private final Partitioner<NodeId> partitioner;
  private final List<NodeId> nodes;
  private final List<List<NodeId>> sets = new ArrayList<>();

  PartitionerPlacement(Partitioner<NodeId> partitioner) {
    if (partitioner.missingReplicas() > 0) {
      throw new IllegalArgumentException(
          "replicas must be at most the members that can own keys, were "
              + (partitioner.replicas() + partitioner.missingReplicas())
              + " of " + partitioner.members());
    }
    this.partitioner = partitioner;
    this.nodes = partitioner.members().stream().map(Member::node).sorted().toList();
    choose(partitioner.replicas(), 0, new ArrayList<>());
  }

  /** All ways to choose {@code count} of the nodes from {@code from} on. */
  private void choose(int count, int from, List<NodeId> chosen) {
    if (count == 0) {
      sets.add(List.copyOf(chosen));
      return;
    }
    for (int i = from; i <= nodes.size() - count; i++) {
      chosen.add(nodes.get(i));
      choose(count - 1, i + 1, chosen);
      chosen.remove(chosen.size() - 1);
    }
  }

  Partitioner<NodeId> partitioner() {
    return partitioner;
  }

  @Override
  public long epoch() {
    return partitioner.epoch();
  }

  @Override
  public List<NodeId> nodes() {
    return nodes;
  }

  @Override
  public List<NodeId> replicasOf(byte[] key) {
    return partitioner.ownersOf(key).stream().sorted().toList();
  }

  @Override
  public List<List<NodeId>> sets() {
    return List.copyOf(sets);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PartitionerPlacement its
        && partitioner.epoch() == its.partitioner.epoch()
        && partitioner.fingerprint() == its.partitioner.fingerprint();
  }

  @Override
  public int hashCode() {
    return Long.hashCode(partitioner.fingerprint());
  }

  @Override
  public String toString() {
    return partitioner.toString();
  }
}
