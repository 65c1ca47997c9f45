package io.quorate.replication.replica;

import io.quorate.core.NodeId;
import java.util.List;

/** Who replicates what, as far as a table and its repair must know. Changes with its epoch. */
public interface Topology {
  /** Grows with every change. */
  long epoch();

  /**
   * The sets of nodes that hold {@code key}: one, or while it moves the one before and the one after.
   */
  List<List<NodeId>> setsOf(byte[] key);

  /** All sets of which {@code node} is a member, those without keys included if they are known. */
  List<List<NodeId>> setsWith(NodeId node);
}
