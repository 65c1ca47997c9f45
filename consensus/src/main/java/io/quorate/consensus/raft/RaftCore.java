package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.Became;
import io.quorate.consensus.raft.Effect.ChangeEnded;
import io.quorate.consensus.raft.Effect.Refused;
import io.quorate.consensus.raft.Effect.TransferEnded;
import io.quorate.consensus.raft.Message.Append;
import io.quorate.consensus.raft.Message.AppendReply;
import io.quorate.consensus.raft.Message.Chunk;
import io.quorate.consensus.raft.Message.ChunkReply;
import io.quorate.consensus.raft.Message.PreVote;
import io.quorate.consensus.raft.Message.PreVoteReply;
import io.quorate.consensus.raft.Message.ReadIndex;
import io.quorate.consensus.raft.Message.ReadIndexReply;
import io.quorate.consensus.raft.Message.Rest;
import io.quorate.consensus.raft.Message.TimeoutNow;
import io.quorate.consensus.raft.Message.Vote;
import io.quorate.consensus.raft.Message.VoteReply;
import io.quorate.core.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * One node of one Raft group, as a pure state machine. Not safe for use by several threads.
 *
 * <p>It begins as a follower. Silence makes it ask whether it could win (pre-vote), then campaign,
 * then lead; a newer term makes it follow again. Invariants: one vote per term, durable before it
 * is said; a leader's log only grows; the commit index never goes back; what is committed is never
 * contradicted. A violation throws {@link IllegalStateException} and the node must stop.
 *
 * @see <a href="https://raft.github.io/raft.pdf">Raft</a>
 * @see <a href="https://github.com/ongardie/dissertation">Ongaro, Consensus: Bridging Theory and
 *     Practice: pre-vote (9.6), leadership transfer (3.10), reads (6.4)</a>
 */
final class RaftCore {
  private final NodeState state;
  private final ElectionTimer timer;
  private final Following following;
  private final Election election;
  private final RemoteReads remoteReads;
  /** Not null exactly while this node leads. */
  private Leadership leadership;
  private SnapshotId latestSnapshot;
  /** Whether this node has stopped its timers, because everybody has everything. */
  private boolean resting;
  private long leaderLife;
  private Became reported = new Became(Role.FOLLOWER, 0, Optional.empty());

  /** A node as it was when it stopped, or a new one. */
  RaftCore(
      Member self,
      CoreOptions options,
      RandomGenerator random,
      Recovered recovered,
      long nowNanos) {
    LogView log = new LogView(recovered.mark());
    recovered.entries().forEach(log::append);
    this.state = new NodeState(self, options, log, recovered.term(), recovered.vote());
    this.state.nowNanos = nowNanos;
    this.latestSnapshot = recovered.snapshot();
    this.timer = new ElectionTimer(options, random, recovered.term() > 0, nowNanos);
    this.election = new Election(state, timer);
    timer.start(nowNanos);
    this.following = new Following(state);
    this.remoteReads = new RemoteReads(state, random.nextLong() >>> 2);
  }

  /**
   * What a node remembers.
   *
   * @param term the term last made durable; 0 for a new node
   * @param vote whom it voted for in that term, or null
   * @param mark where its log begins
   * @param snapshot the snapshot that covers what is before, or null if nothing is
   * @param entries its log behind {@code mark}
   */
  record Recovered(
      long term, NodeId vote, SnapshotMark mark, SnapshotId snapshot, List<Entry> entries) {}

  /** Takes one input and says what is to be done about it. */
  List<Effect> step(Input input) {
    state.nowNanos = input.nowNanos();
    if (resting) {
      wakeIfDisturbed(input);
    } else if (timer.observe(state.nowNanos) && leadership != null) {
      leadership.slept();
    }
    dispatch(input);
    if (leadership != null) {
      if (leadership.lost()) {
        follow(state.term, null);
      } else {
        leadership.flush();
      }
    }
    report();
    return state.out.drain(state);
  }

  /** Whether this node needs no {@link Input.Tick} until something else comes. */
  boolean resting() {
    return resting;
  }

  /** While this node rests as a follower: the life of the leader's node that told it to. */
  long leaderLife() {
    return leaderLife;
  }

  long term() {
    return state.term;
  }

  Role role() {
    return state.role;
  }

  long commitIndex() {
    return state.commitIndex;
  }

  Optional<NodeId> leader() {
    return Optional.ofNullable(state.leader);
  }

  /** The log time of what this node would append now; 0 if it does not lead. */
  long logTimeMillis() {
    return leadership == null ? 0 : leadership.timeMillis();
  }

  /** What this node may tell readers by itself from now on; null if nothing. */
  Lease lease() {
    return leadership == null ? null : leadership.lease();
  }

  /** Read-only to callers. */
  LogView log() {
    return state.log;
  }

  private void dispatch(Input input) {
    if (input instanceof Input.Receive i) {
      receive(i.from(), i.message());
    } else if (input instanceof Input.Propose i) {
      if (leadership != null) {
        leadership.propose(i.batch());
      } else {
        state.out.add(new Refused(Refusal.NOT_LEADER, leader()));
      }
    } else if (input instanceof Input.Stored i) {
      stored(i.persist());
    } else if (input instanceof Input.Tick) {
      tick();
    } else if (input instanceof Input.Read i) {
      read(i.id(), i.lease());
    } else if (input instanceof Input.Change i) {
      if (leadership != null) {
        leadership.change(i.expectedIndex(), i.target());
      } else {
        state.out.add(new ChangeEnded(Optional.of(Refusal.NOT_LEADER)));
      }
    } else if (input instanceof Input.Transfer i) {
      if (leadership != null) {
        leadership.transfer(i.target());
      } else {
        state.out.add(new TransferEnded(false));
      }
    } else if (input instanceof Input.Leave) {
      if (leadership != null) {
        leadership.leave();
      }
    } else if (input instanceof Input.SnapshotTaken i) {
      snapshotTaken(i.id(), i.compactTo());
    } else if (input instanceof Input.ChunkStored i) {
      following.chunkStored(i.id(), i.nextOffset());
    } else if (input instanceof Input.SnapshotReceived i) {
      if (i.mark().index() > state.commitIndex) {
        latestSnapshot = i.id();
      }
      following.received(i.id(), i.mark());
    } else if (input instanceof Input.ForceConfiguration i) {
      force(i.target());
    } else if (input instanceof Input.Rest i) {
      if (leadership != null && !resting && leadership.mayRest()) {
        leadership.rest(i.life());
        resting = true;
      }
    } else if (!(input instanceof Input.Wake)) {
      throw new AssertionError("unhandled input " + input);
    }
  }

  /**
   * What concerns nobody but a candidate whom this node would refuse, or belongs to the time before
   * the rest, does not end it.
   */
  private void wakeIfDisturbed(Input input) {
    boolean silent = input instanceof Input.Wake wake && wake.silent();
    boolean disturbs = !(input instanceof Input.Tick || input instanceof Input.Stored);
    if (input instanceof Input.Receive i) {
      boolean asksForHelp = i.message() instanceof PreVote || i.message() instanceof Vote;
      // A leader that asks for votes leads no more.
      silent = asksForHelp && i.from().id().equals(state.leader);
      boolean late =
          i.message() instanceof AppendReply reply && reply.success()
              || i.message() instanceof Rest;
      disturbs = !late && (!asksForHelp || silent || leadership != null);
    }
    if (disturbs && !(input instanceof Input.Rest)) {
      resting = false;
      timer.awoke(silent, state.nowNanos);
      if (leadership != null) {
        leadership.awoke();
      }
    }
  }

  private void receive(Member member, Message message) {
    NodeId from = member.id();
    if (message instanceof PreVote m) {
      election.preVote(from, m, leaderIsFresh());
      return;
    }
    if (message.term() > state.term) {
      if (message instanceof Vote m && !m.transfer() && leaderIsFresh()) {
        return;
      }
      follow(message.term(), null);
    }
    if (message instanceof ReadIndex m) {
      readIndex(from, m);
    } else if (message instanceof ReadIndexReply m) {
      remoteReads.answered(m);
    } else if (message instanceof PreVoteReply m) {
      if (state.role == Role.PRE_CANDIDATE && m.granted() && m.requestTerm() == state.term + 1) {
        election.granted(member);
        campaignIfWelcome();
      }
    } else if (message.term() < state.term) {
      answerStale(from, message);
    } else {
      receiveInTerm(member, message);
    }
  }

  /** A message of exactly the current term. */
  private void receiveInTerm(Member member, Message message) {
    NodeId from = member.id();
    if (message instanceof Append m) {
      hearLeader(from);
      following.append(from, m);
    } else if (message instanceof AppendReply m) {
      if (leadership != null) {
        leadership.appendReply(member, m);
      }
    } else if (message instanceof Vote m) {
      election.vote(from, m);
    } else if (message instanceof VoteReply m) {
      if (state.role == Role.CANDIDATE && m.granted()) {
        election.granted(member);
        leadIfElected();
      } else if (!m.granted()) {
        election.denied();
      }
    } else if (message instanceof Chunk m) {
      hearLeader(from);
      following.chunk(from, m);
    } else if (message instanceof ChunkReply m) {
      if (leadership != null) {
        leadership.chunkReply(member, m);
      }
    } else if (message instanceof Rest m) {
      hearLeader(from);
      long last = state.log.lastIndex();
      resting =
          m.index() == last
              && state.commitIndex == last
              && state.out.storedIndex() == last
              && remoteReads.isEmpty();
      leaderLife = m.life();
    } else if (message instanceof TimeoutNow) {
      if (state.role != Role.LEADER && from.equals(state.leader) && election.mayCampaign()) {
        campaign(true);
      }
    } else {
      throw new AssertionError("unhandled message " + message);
    }
  }

  private void answerStale(NodeId from, Message message) {
    if (message instanceof Append m) {
      state.out.sendAfterState(
          from, new AppendReply(state.term, m.round(), false, m.prevIndex(), 0));
    } else if (message instanceof Vote) {
      state.out.sendAfterState(from, new VoteReply(state.term, false));
    } else if (message instanceof Chunk m) {
      state.out.sendAfterState(from, new ChunkReply(state.term, m.id(), 0, false));
    }
  }

  private void hearLeader(NodeId from) {
    if (state.role == Role.LEADER) {
      throw new IllegalStateException(
          "a second leader " + from + " in term " + state.term + " of " + state.self);
    }
    if (state.role != Role.FOLLOWER || !from.equals(state.leader)) {
      follow(state.term, from);
    }
    timer.heardLeader(state.nowNanos);
  }

  private void tick() {
    if (resting) {
      return;
    }
    if (leadership != null) {
      leadership.tick();
      return;
    }
    remoteReads.expire();
    if (state.role == Role.CANDIDATE) {
      election.remind();
      leadIfElected();
    }
    if (leadership == null && timer.expired(state.nowNanos)) {
      timer.restartSoon(state.nowNanos);
      if (election.mayCampaign()) {
        preCampaign();
      } else {
        state.leader = null;
      }
    }
  }

  private void preCampaign() {
    remoteReads.failAll();
    election.preCampaign();
    campaignIfWelcome();
  }

  private void campaignIfWelcome() {
    if (election.won()) {
      campaign(false);
    }
  }

  private void campaign(boolean transfer) {
    remoteReads.failAll();
    election.campaign(transfer);
  }

  private void stored(long persist) {
    state.out.stored(persist);
    if (leadership != null) {
      leadership.advance();
    } else if (state.role == Role.CANDIDATE && state.out.stateStored()) {
      // Its own vote counts like any other: once it is durable.
      election.granted(state.member);
      leadIfElected();
    }
  }

  private void leadIfElected() {
    if (!state.out.stateStored() || !election.elected()) {
      return;
    }
    state.role = Role.LEADER;
    state.leader = state.self;
    leadership = new Leadership(state, latestSnapshot, election.births());
  }

  /** Follows {@code leader}, or whoever will lead {@code term} if that is not known. */
  private void follow(long term, NodeId leader) {
    resting = false;
    if (term > state.term) {
      state.term = term;
      state.vote = null;
      state.out.stateChanged();
    }
    if (leadership != null) {
      leadership.close();
      leadership = null;
    }
    if (state.role != Role.FOLLOWER) {
      timer.restart(state.nowNanos);
    }
    if (leader == null || !leader.equals(state.leader)) {
      remoteReads.failAll();
    }
    state.role = Role.FOLLOWER;
    state.leader = leader;
  }

  private void read(long id, boolean lease) {
    if (leadership != null) {
      leadership.read(state.self, id, lease);
    } else {
      remoteReads.ask(id);
    }
  }

  private void readIndex(NodeId from, ReadIndex request) {
    if (leadership != null) {
      leadership.read(from, request.id(), false);
    } else {
      state.out.sendAfterState(from, new ReadIndexReply(state.term, request.id(), false, 0));
    }
  }

  private void snapshotTaken(SnapshotId id, long compactTo) {
    if (latestSnapshot != null && id.index() < latestSnapshot.index()) {
      return;
    }
    latestSnapshot = id;
    long index = Math.min(compactTo, id.index());
    if (leadership != null) {
      index = leadership.compactible(index);
      leadership.snapshotTaken(id);
    }
    state.log.compactTo(index);
  }

  /** Takes a new term, so that nothing of the lost majority counts any more. */
  private void force(Configuration target) {
    follow(state.term + 1, null);
    SortedMap<NodeId, Long> births = new TreeMap<>(state.log.configuration().births());
    births.put(state.self, state.member.birth());
    Configuration alone = target.settled().withBirths(births);
    state.append(
        List.of(
            Entry.of(Proposal.configuration(alone), state.term, state.log.lastTimeMillis())));
  }

  private boolean leaderIsFresh() {
    return state.role == Role.LEADER || resting || timer.leaderIsFresh(state.nowNanos);
  }

  private void report() {
    boolean changed = state.reportConfiguration();
    Became now = new Became(state.role, state.term, leader());
    if (!now.equals(reported)) {
      reported = now;
      state.out.add(now);
      changed = true;
    }
    if (changed) {
      election.takeTurn();
    }
  }
}
