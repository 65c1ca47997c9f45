package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.Set;
import java.util.TreeSet;

/** The grants of one election. */
final class Ballot {
  private final Set<NodeId> granted = new TreeSet<>();

  void grant(NodeId voter) {
    granted.add(voter);
  }

  boolean won(Configuration configuration) {
    return configuration.majority(granted::contains);
  }
}
