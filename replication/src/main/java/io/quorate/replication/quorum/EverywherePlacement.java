package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import java.util.List;
import java.util.TreeSet;

/** Every node holds every key. */
record EverywherePlacement(long epoch, List<NodeId> nodes) implements Placement {
  EverywherePlacement {
    nodes = List.copyOf(new TreeSet<>(nodes));
    if (epoch < 1) {
      throw new IllegalArgumentException("epoch must be at least 1, was " + epoch);
    }
    if (nodes.isEmpty()) {
      throw new IllegalArgumentException("nodes must be at least one, were " + nodes);
    }
  }

  @Override
  public List<NodeId> replicasOf(byte[] key) {
    return nodes;
  }

  @Override
  public List<List<NodeId>> sets() {
    return List.of(nodes);
  }
}
