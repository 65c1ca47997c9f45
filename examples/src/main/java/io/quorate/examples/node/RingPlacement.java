package io.quorate.examples.node;

import io.quorate.core.NodeId;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Partitioner;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.quorum.Placement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Three replicas for each key, chosen by a consistent-hash ring over all members. */
final class RingPlacement implements Placement {
  private static final int REPLICAS = 3;

  private final List<NodeId> nodes;
  private final Partitioner<NodeId> ring;

  RingPlacement(Collection<NodeId> nodes) {
    this.nodes = nodes.stream().sorted().toList();
    this.ring =
        ConsistentHashRing.of(
            Member.all(nodes, NodeId::value),
            RingOptions.defaults().withReplicas(Math.min(REPLICAS, nodes.size())));
  }

  @Override
  public long epoch() {
    return 1;
  }

  @Override
  public List<NodeId> nodes() {
    return nodes;
  }

  /** In the order of their names, so that replicas compare themselves once for each set of nodes. */
  @Override
  public List<NodeId> replicasOf(byte[] key) {
    return ring.ownersOf(key).stream().sorted().toList();
  }

  @Override
  public List<List<NodeId>> sets() {
    List<List<NodeId>> sets = new ArrayList<>();
    choose(Math.min(REPLICAS, nodes.size()), 0, new ArrayList<>(), sets);
    return sets;
  }

  /** All ways to choose {@code count} of the nodes from {@code from} on. */
  private void choose(int count, int from, List<NodeId> chosen, List<List<NodeId>> sets) {
    if (count == 0) {
      sets.add(List.copyOf(chosen));
      return;
    }
    for (int i = from; i <= nodes.size() - count; i++) {
      chosen.add(nodes.get(i));
      choose(count - 1, i + 1, chosen, sets);
      chosen.remove(chosen.size() - 1);
    }
  }
}
