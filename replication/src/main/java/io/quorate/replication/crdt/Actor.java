package io.quorate.replication.crdt;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * Who changes a mergeable value: one start of one node. A node that has lost its disk comes back as
 * another actor, so it cannot count again what it has counted before.
 *
 * @param node the node
 * @param epoch which start of the node; at least 0
 */
public record Actor(NodeId node, long epoch) implements Comparable<Actor> {
  /** Bytes that the shortest actor takes. */
  static final int MIN_BYTES = 10;

  public Actor {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, was " + epoch);
    }
  }

  @Override
  public int compareTo(Actor other) {
    int byNode = node.compareTo(other.node);
    return byNode != 0 ? byNode : Long.compare(epoch, other.epoch);
  }

  void write(ByteWriter out) {
    out.text(node.value()).int64(epoch);
  }

  static Actor read(ByteReader in) {
    String node = in.text(64, "node");
    long epoch = in.int64();
    try {
      return new Actor(NodeId.of(node), epoch);
    } catch (IllegalArgumentException e) {
      throw in.malformed("an actor that cannot be: " + e.getMessage());
    }
  }
}
