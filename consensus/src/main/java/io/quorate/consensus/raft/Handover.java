package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.TransferEnded;
import io.quorate.consensus.raft.Message.TimeoutNow;
import io.quorate.core.NodeId;
import java.util.Optional;

/**
 * Hands leadership to another voter: stops taking proposals, waits until the other has the whole
 * log, and tells it to campaign. From that word on the leader's lease is void for the rest of its
 * term, since the word may arrive at any later time.
 */
final class Handover {
  private final NodeState state;
  private final Replication replication;
  private NodeId target;
  private long deadlineNanos;
  private boolean nominated;

  Handover(NodeState state, Replication replication) {
    this.state = state;
    this.replication = replication;
  }

  boolean underWay() {
    return target != null;
  }

  /** Whether anybody was told to campaign in this term. */
  boolean nominated() {
    return nominated;
  }

  void request(Optional<NodeId> wanted) {
    Optional<NodeId> next = wanted.or(this::best);
    if (next.isEmpty() || !isOtherVoter(next.get()) || underWay()) {
      state.out.add(new TransferEnded(false));
      return;
    }
    target = next.get();
    deadlineNanos = state.nowNanos + 2 * state.options.electionTimeoutNanos();
    progressed(replication.peer(target));
  }

  void progressed(Progress peer) {
    if (peer.peer.equals(target) && peer.matchIndex == state.log.lastIndex()) {
      nominate(peer.peer);
    }
  }

  void tick() {
    if (underWay() && state.nowNanos - deadlineNanos >= 0) {
      end(false);
    }
  }

  /**
   * This leader stops. Whoever is furthest along campaigns without further ado: it has all that is
   * committed, and what else there is nobody was promised.
   */
  void leave() {
    if (!underWay()) {
      nominateBest();
      return;
    }
    // Two candidates at a time would take votes from each other.
    if (!nominated) {
      nominate(target);
    }
    end(false);
  }

  void nominateBest() {
    best().ifPresent(this::nominate);
  }

  void close() {
    if (underWay()) {
      end(true);
    }
  }

  private void nominate(NodeId next) {
    nominated = true;
    state.out.sendNow(next, new TimeoutNow(state.term));
  }

  private void end(boolean handedOver) {
    target = null;
    state.out.add(new TransferEnded(handedOver));
  }

  private boolean isOtherVoter(NodeId node) {
    Progress peer = replication.peer(node);
    Configuration configuration = state.log.configuration();
    return peer != null
        && configuration.voters().contains(node)
        && (peer.birth == 0 || configuration.votes(new Member(node, peer.birth)));
  }

  private Optional<NodeId> best() {
    Progress best = null;
    for (Progress peer : replication.peers()) {
      if (isOtherVoter(peer.peer) && (best == null || peer.matchIndex > best.matchIndex)) {
        best = peer;
      }
    }
    return Optional.ofNullable(best).map(peer -> peer.peer);
  }
}
