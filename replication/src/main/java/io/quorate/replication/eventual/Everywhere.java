package io.quorate.replication.eventual;

import io.quorate.core.NodeId;
import io.quorate.replication.replica.Topology;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * Every member holds every key. Those who do not know the same members do not compare what they
 * hold, and forget no tombstone meanwhile.
 *
 * @param members sorted
 * @param epoch tells these members from others, and is not in order of time
 */
record Everywhere(List<NodeId> members, long epoch) implements Topology {
  static Everywhere among(Collection<NodeId> members) {
    List<NodeId> sorted = List.copyOf(new TreeSet<>(members));
    long hash = 1;
    for (NodeId member : sorted) {
      for (int i = 0; i < member.value().length(); i++) {
        hash = hash * 0x5851f42d4c957f2dL + member.value().charAt(i);
      }
      // No character: the end of a name.
      hash = hash * 0x5851f42d4c957f2dL - 1;
    }
    return new Everywhere(sorted, hash & Long.MAX_VALUE);
  }

  @Override
  public List<List<NodeId>> setsOf(byte[] key) {
    return List.of(members);
  }

  @Override
  public boolean isMoving() {
    return false;
  }

  @Override
  public List<NodeId> nodes() {
    return members;
  }

  @Override
  public List<List<NodeId>> setsWith(NodeId node) {
    return List.of(members);
  }

  @Override
  public List<List<NodeId>> sources() {
    return List.of(members);
  }

  @Override
  public boolean isSource(NodeId node, byte[] key) {
    return true;
  }
}
