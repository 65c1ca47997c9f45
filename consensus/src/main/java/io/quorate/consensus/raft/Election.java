package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Message.PreVote;
import io.quorate.consensus.raft.Message.PreVoteReply;
import io.quorate.consensus.raft.Message.Vote;
import io.quorate.consensus.raft.Message.VoteReply;
import io.quorate.core.NodeId;
import java.util.OptionalLong;
import java.util.SortedMap;

/** Asks for votes and gives them. What follows from it, to lead or to follow, is the core's. */
final class Election {
  /** How long those who have enough votes to lead a new group wait for the others. */
  private static final int FOUNDING_HEARTBEATS = 4;

  private final NodeState state;
  private final ElectionTimer timer;
  private Ballot ballot = new Ballot();
  /** What was asked for last, and when. */
  private Vote request;
  private long requestedNanos;
  /** Whether somebody has voted for another. */
  private boolean denied;
  /** Since when enough have granted the votes asked for; empty if they have not. */
  private OptionalLong enoughSinceNanos = OptionalLong.empty();
  /** Who led last, as far as this node knows; null if nobody. */
  private NodeId lastLeader;

  Election(NodeState state, ElectionTimer timer) {
    this.state = state;
    this.timer = timer;
    takeTurn();
  }

  /** Says whether it would help; changes nothing here, whatever the answer. */
  void preVote(NodeId from, PreVote request, boolean leaderIsFresh) {
    boolean granted =
        request.term() > state.term
            && !leaderIsFresh
            && state.log.isUpToDate(request.lastTerm(), request.lastIndex());
    state.out.sendAfterState(from, new PreVoteReply(state.term, request.term(), granted));
  }

  void vote(NodeId from, Vote request) {
    boolean free = state.vote == null || state.vote.equals(from);
    boolean granted =
        free && state.log.isUpToDate(request.lastTerm(), request.lastIndex());
    if (granted && state.vote == null) {
      state.vote = from;
      state.out.stateChanged();
      timer.restart(state.nowNanos);
    }
    state.out.sendAfterState(from, new VoteReply(state.term, granted));
  }

  boolean mayCampaign() {
    return state.options.priority() > 0
        && state.log.mayBeVoter(state.member, state.commitIndex)
        && state.out.waitingNanos(state.nowNanos) < state.options.electionTimeoutNanos();
  }

  /** Asks whether this node could win. */
  void preCampaign() {
    state.role = Role.PRE_CANDIDATE;
    state.leader = null;
    ballot = new Ballot();
    ballot.grant(state.member);
    PreVote request = new PreVote(state.term + 1, state.log.lastIndex(), state.log.lastTerm());
    for (NodeId member : state.log.configuration().members()) {
      if (asks(member)) {
        state.out.sendNow(member, request);
      }
    }
  }

  /** Asks for votes, in a term of its own. */
  void campaign(boolean transfer) {
    state.term++;
    state.vote = state.self;
    state.role = Role.CANDIDATE;
    state.leader = null;
    state.out.stateChanged();
    ballot = new Ballot();
    denied = false;
    enoughSinceNanos = OptionalLong.empty();
    timer.restart(state.nowNanos);
    request = new Vote(state.term, state.log.lastIndex(), state.log.lastTerm(), transfer);
    ask();
  }

  /**
   * In a new group, once a heartbeat, asks again those who have not answered: they may not have been
   * started yet, and whoever does not vote for the first leader must catch up to count. One that has
   * voted for another is asked in a new term, if the others suffice to win that too.
   */
  void remind() {
    if (!state.log.configuration().isNew()
        || state.nowNanos - requestedNanos < state.options.heartbeatNanos()) {
      return;
    }
    if (denied && won()) {
      campaign(false);
    } else {
      ask();
    }
  }

  private void ask() {
    requestedNanos = state.nowNanos;
    for (NodeId member : state.log.configuration().members()) {
      if (asks(member) && !ballot.births().containsKey(member)) {
        state.out.sendAfterState(member, request);
      }
    }
  }

  void granted(Member by) {
    ballot.grant(by);
  }

  void denied() {
    denied = true;
  }

  /** In which birth each has granted what was asked for last. */
  SortedMap<NodeId, Long> births() {
    return ballot.births();
  }

  /** Whether enough have granted what was asked for last. */
  boolean won() {
    return ballot.won(state.log.configuration());
  }

  /**
   * Whether this node leads by what was granted. In a new group it waits a little for those who
   * have not answered, and does not while one denies it: that one has voted for another, which it
   * will not in the next term, or has entries, so that the group is not new.
   */
  boolean elected() {
    if (!won()) {
      return false;
    }
    Configuration configuration = state.log.configuration();
    if (!configuration.isNew() || ballot.isUnanimous(configuration.voters())) {
      return true;
    }
    if (denied) {
      return false;
    }
    if (enoughSinceNanos.isEmpty()) {
      enoughSinceNanos = OptionalLong.of(state.nowNanos);
    }
    return state.nowNanos - enoughSinceNanos.getAsLong()
        >= FOUNDING_HEARTBEATS * state.options.heartbeatNanos();
  }

  /**
   * The voters besides the leader wait for its silence one after another, in the order of their
   * names. To be called whenever the leader or the configuration has changed.
   */
  void takeTurn() {
    if (state.leader != null) {
      lastLeader = state.leader;
    }
    int before = 0;
    int all = 0;
    for (NodeId member : state.log.configuration().members()) {
      if (state.log.isVoter(member) && !member.equals(lastLeader)) {
        all++;
        before += member.compareTo(state.self) < 0 ? 1 : 0;
      }
    }
    timer.turn(Math.min(before, Math.max(0, all - 1)), Math.max(1, all));
  }

  private boolean asks(NodeId member) {
    return !member.equals(state.self) && state.log.isVoter(member);
  }
}
