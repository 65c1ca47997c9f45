package io.quorate.replication.replica;

import io.quorate.core.NodeId;
import java.util.List;

/** Who replicates what, as far as a table and its repair must know. Immutable. */
public interface Topology {
  /** Requests of another epoch are refused. */
  long epoch();

  /** Whether keys are moving from their sources to other nodes. */
  boolean isMoving();

  /** All nodes that hold keys, or will once these have moved. */
  List<NodeId> nodes();

  /**
   * The sets of nodes that share {@code key}, and compare what they hold of it. While it moves this
   * is one set of all that hold it, its sources and those that it moves to.
   */
  List<List<NodeId>> setsOf(byte[] key);

  /** All sets of which {@code node} is a member, those without keys included if they are known. */
  List<List<NodeId>> setsWith(NodeId node);

  /** The sets of sources: quorums of these hold what was acknowledged before keys began to move. */
  List<List<NodeId>> sources();

  /** Whether {@code node} is one of the sources of {@code key}. */
  boolean isSource(NodeId node, byte[] key);
}
