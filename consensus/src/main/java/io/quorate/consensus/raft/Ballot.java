package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
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

  /**
   * Whether enough have granted, each in the birth that counts.
   *
   * <p>A new group takes all: a voter that has lost its directory looks like one that never had
   * any, and so does the group to both it and one that was not there before. Whoever was there and
   * is still asked knows better and refuses.
   */
  boolean won(Configuration configuration) {
    if (configuration.isNew()) {
      return granted.keySet().containsAll(configuration.voters());
    }
    return configuration.majority(
        (voter, birth) -> {
          Long its = granted.get(voter);
          return its != null && (birth == 0 || its == birth.longValue());
        });
  }
}
