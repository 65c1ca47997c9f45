package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.replication.replica.Topology;
import java.util.List;

/** A placement, as replicas and their repair see it. */
record PlacementTopology(Placement placement) implements Topology {
  @Override
  public long epoch() {
    return placement.epoch();
  }

  @Override
  public List<List<NodeId>> setsOf(byte[] key) {
    return List.of(placement.replicasOf(key));
  }

  @Override
  public List<List<NodeId>> setsWith(NodeId node) {
    return placement.sets().stream().filter(set -> set.contains(node)).toList();
  }
}
