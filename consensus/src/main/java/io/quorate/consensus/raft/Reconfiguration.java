package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.ChangeEnded;
import io.quorate.core.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Changes who takes part, through a joint configuration whenever voters change. One change at a
 * time, and none before this leader has committed an entry of its own term: otherwise two leaders
 * could hold configurations whose majorities do not meet.
 *
 * @see <a href="https://raft.github.io/raft.pdf">Raft, section 6</a>
 * @see <a href="https://groups.google.com/g/raft-dev/c/t4xj6dJTP6E">Ongaro, the single-server
 * bug</a>
 */
final class Reconfiguration {
  private final NodeState state;
  private final Leadership leadership;
  private final Replication replication;
  private boolean requested;

  Reconfiguration(NodeState state, Leadership leadership, Replication replication) {
    this.state = state;
    this.leadership = leadership;
    this.replication = replication;
  }

  void request(long expectedIndex, Configuration target) {
    Configuration current = state.log.configuration();
    if (target.voters().isEmpty()) {
      refuse(Refusal.NO_VOTERS);
    } else if (!leadership.termCommitted()) {
      refuse(Refusal.NOT_READY);
    } else if (current.isJoint() || state.log.configurationIndex() > state.commitIndex) {
      refuse(Refusal.CHANGE_UNDER_WAY);
    } else if (expectedIndex >= 0 && expectedIndex != state.log.configurationIndex()) {
      refuse(Refusal.STALE_CONFIGURATION);
    } else {
      Configuration next = target.settled().withBirths(births(current, target));
      for (NodeId voter : next.voters()) {
        if (!current.voters().contains(voter) && !next.births().containsKey(voter)) {
          refuse(Refusal.NOT_READY);
          return;
        }
      }
      requested = true;
      boolean votersStay = current.voters().equals(target.voters());
      append(votersStay ? next : current.jointWith(next));
    }
  }

  /**
   * Has the voters count in the births in which they are there now, once they have all that is
   * committed. Until then one that has lost its directory, or looks like that since it was never
   * heard, has no vote, for it does not know what it has promised; the change needs the majority of
   * those who do.
   */
  void admit() {
    Configuration current = state.log.configuration();
    if (current.isJoint()
        || state.log.configurationIndex() > state.commitIndex
        || !leadership.termCommitted()) {
      return;
    }
    SortedMap<NodeId, Long> births = new TreeMap<>(current.births());
    for (NodeId voter : current.voters()) {
      Progress peer = replication.peer(voter);
      if (peer != null && peer.birth != 0 && peer.matchIndex >= state.commitIndex) {
        births.put(voter, peer.birth);
      }
    }
    if (current.votes(state.self) && state.out.storedIndex() >= state.commitIndex) {
      births.put(state.self, state.member.birth());
    }
    if (!births.equals(current.births())) {
      append(current.jointWith(current.withBirths(births)));
    }
  }

  /**
   * In which births the voters of {@code target} count: as before, or as they are there now. A new
   * voter must have been heard, as a learner, to be of use.
   */
  private SortedMap<NodeId, Long> births(Configuration current, Configuration target) {
    SortedMap<NodeId, Long> births = new TreeMap<>(current.births());
    births.putIfAbsent(state.self, state.member.birth());
    for (NodeId voter : target.voters()) {
      Progress peer = replication.peer(voter);
      if (peer != null && peer.birth != 0 && !current.voters().contains(voter)) {
        births.put(voter, peer.birth);
      }
    }
    return births;
  }

  /** The commit index has moved: goes on with the change under way, also one of an earlier term. */
  void committed() {
    if (state.log.configurationIndex() > state.commitIndex || !leadership.termCommitted()) {
      return;
    }
    Configuration current = state.log.configuration();
    if (current.isJoint()) {
      append(current.settled());
      return;
    }
    if (requested) {
      requested = false;
      state.out.add(new ChangeEnded(Optional.empty()));
    }
    if (!current.votes(state.self)) {
      leadership.resign();
    }
  }

  void close() {
    if (requested) {
      requested = false;
      refuse(Refusal.UNKNOWN);
    }
  }

  private void append(Configuration next) {
    leadership.append(List.of(Proposal.configuration(next)));
  }

  private void refuse(Refusal reason) {
    state.out.add(new ChangeEnded(Optional.of(reason)));
  }
}
