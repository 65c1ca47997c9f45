package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;

/** The grants of one election. */
final class Ballot {
  private final SortedMap<NodeId, Long> granted = new TreeMap<>();

  void grant(Member voter) {
    granted.put(voter.id(), voter.birth());
  }

  /** In which birth each has granted. */
  SortedMap<NodeId, Long> births() {
    return granted;
  }

  /** Whether all of {@code voters} have granted. */
  boolean isUnanimous(Collection<NodeId> voters) {
    return granted.keySet().containsAll(voters);
  }

  /** Whether enough have granted, each in the birth that counts. */
  boolean won(Configuration configuration) {
    return configuration.majority(
        (voter, birth) -> {
          Long its = granted.get(voter);
          return its != null && Configuration.counts(birth, its);
        });
  }
}
