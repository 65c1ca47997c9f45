package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.List;

/**
 * Rebuilds what a node remembers from its durable units, in the order in which they were written.
 * Nothing is skipped in silence: what does not fit together is an {@link IllegalStateException}.
 */
final class Replay {
  private long term;
  private NodeId vote;
  /** The index of the first of {@link #entries}; 0 until anything is known of the log. */
  private long firstIndex;
  private List<Entry> entries = new ArrayList<>();
  private boolean mustReset;

  /** Takes the next unit. */
  void take(long unitTerm, NodeId unitVote, SnapshotMark reset, long fromIndex, List<Entry> added) {
    if (unitTerm < term) {
      throw new IllegalStateException("term " + unitTerm + " behind term " + term);
    }
    term = unitTerm;
    vote = unitVote;
    if (reset != null) {
      firstIndex = reset.index() + 1;
      entries = new ArrayList<>();
    }
    if (fromIndex == 0) {
      return;
    }
    if (firstIndex == 0) {
      firstIndex = fromIndex;
    }
    long next = firstIndex + entries.size();
    if (fromIndex < firstIndex || fromIndex > next) {
      throw new IllegalStateException(
          "entries at " + fromIndex + " in a log of [" + firstIndex + ", " + next + ")");
    }
    entries.subList((int) (fromIndex - firstIndex), entries.size()).clear();
    entries.addAll(added);
  }

  long term() {
    return term;
  }

  NodeId vote() {
    return vote;
  }

  /**
   * All that is remembered, given the newest snapshot.
   *
   * @param mark of the newest snapshot, or of the beginning
   * @param snapshot its file, or null if there is none
   */
  RaftCore.Recovered finish(SnapshotMark mark, SnapshotId snapshot) {
    long next = firstIndex + entries.size();
    List<Entry> behind = List.of();
    if (firstIndex > 0) {
      if (mark.index() + 1 < firstIndex) {
        throw new IllegalStateException(
            "the log begins at " + firstIndex + ", the snapshot ends at " + mark.index());
      }
      boolean joins =
          mark.index() + 1 == firstIndex
              || mark.index() < next
                  && entries.get((int) (mark.index() - firstIndex)).term == mark.term();
      mustReset = !joins;
      if (joins) {
        behind = entries.subList((int) (mark.index() + 1 - firstIndex), entries.size());
      }
    } else {
      // After a repair a snapshot may be all that is left.
      mustReset = mark.index() > 0;
      term = Math.max(term, mark.term());
    }
    return new RaftCore.Recovered(term, vote, mark, snapshot, List.copyOf(behind));
  }

  /** Whether a reset must be made durable first, because the log ends before the snapshot does. */
  boolean mustReset() {
    return mustReset;
  }
}
