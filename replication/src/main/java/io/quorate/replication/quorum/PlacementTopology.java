package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.replication.replica.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A placement, or two while keys move from one to the other. The epoch tells the three states apart:
 * twice the placement's when settled, one more while leaving it.
 *
 * @param next where keys are moving to, if they are
 */
record PlacementTopology(Placement current, Optional<Placement> next) implements Topology {
  @Override
  public long epoch() {
    return 2 * current.epoch() + (next.isPresent() ? 1 : 0);
  }

  @Override
  public List<List<NodeId>> setsOf(byte[] key) {
    List<NodeId> now = current.replicasOf(key);
    if (next.isEmpty()) {
      return List.of(now);
    }
    List<NodeId> then = next.get().replicasOf(key);
    return then.equals(now) ? List.of(now) : List.of(now, then);
  }

  @Override
  public List<List<NodeId>> setsWith(NodeId node) {
    List<List<NodeId>> sets = new ArrayList<>(current.sets());
    next.ifPresent(placement -> sets.addAll(placement.sets()));
    return sets.stream().filter(set -> set.contains(node)).distinct().toList();
  }
}
