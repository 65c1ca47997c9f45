package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.ChangeEnded;
import java.util.List;
import java.util.Optional;

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
  private boolean requested;

  Reconfiguration(NodeState state, Leadership leadership) {
    this.state = state;
    this.leadership = leadership;
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
      requested = true;
      boolean votersStay = current.voters().equals(target.voters());
      append(votersStay ? target.settled() : current.jointWith(target));
    }
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
