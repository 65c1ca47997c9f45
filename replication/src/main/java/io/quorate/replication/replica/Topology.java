package io.quorate.replication.replica;

import io.quorate.core.NodeId;
import java.util.List;

/** Who replicates what, as far as a table and its repair must know. */
public interface Topology {
  /** Requests of another epoch are refused. */
  long epoch();

  /**
   * The sets of nodes that hold {@code key}: one, as placements do not change while a store is open.
   */
  List<List<NodeId>> setsOf(byte[] key);

  /** All sets of which {@code node} is a member, those without keys included if they are known. */
  List<List<NodeId>> setsWith(NodeId node);
}
