package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.Accepted;
import io.quorate.consensus.raft.Effect.ReadReady;
import io.quorate.consensus.raft.Effect.Refused;
import io.quorate.consensus.raft.Message.AppendReply;
import io.quorate.consensus.raft.Message.ChunkReply;
import io.quorate.consensus.raft.Message.Rest;
import io.quorate.core.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One term of leading: replicates the log, commits, confirms that it still leads, and gives up when
 * it cannot. Made anew for each term, so nothing of an earlier term can leak into it.
 *
 * <p>What ends it is reported by {@link #lost}; the core then makes the node a follower.
 *
 * @see <a href="https://raft.github.io/raft.pdf">Raft, sections 5.3 and 5.4</a>
 */
final class Leadership {
  private static final int CHECK_QUORUM_TIMEOUTS = 2;

  private final NodeState state;
  private final Replication replication;
  private final Readers readers;
  private final Rounds rounds = new Rounds();
  private final Handover handover;
  private final Reconfiguration reconfiguration;
  private final long electedNanos;
  private final long firstTimeMillis;
  private final long firstIndex;
  private long heartbeatDueNanos;
  private long patientUntilNanos;
  /** When anybody last wanted anything of this leader. */
  private long usedNanos;
  private boolean lost;

  /**
   * Begins to lead.
   *
   * @param births in which birth each has voted for this node
   */
  Leadership(NodeState state, SnapshotId latestSnapshot, Map<NodeId, Long> births) {
    this.state = state;
    this.electedNanos = state.nowNanos;
    this.firstTimeMillis = state.log.lastTimeMillis();
    this.firstIndex = state.log.lastIndex() + 1;
    this.replication = new Replication(state, rounds, latestSnapshot);
    this.readers = new Readers(state);
    this.handover = new Handover(state, replication);
    this.reconfiguration = new Reconfiguration(state, this, replication);
    this.patientUntilNanos = state.nowNanos + CHECK_QUORUM_TIMEOUTS * silenceNanos();
    this.heartbeatDueNanos = state.nowNanos + state.options.heartbeatNanos();
    rounds.begin(state.nowNanos);
    Configuration configuration = state.log.configuration();
    append(
        configuration.isNew() && !configuration.isJoint()
            ? List.of(Proposal.noop(), Proposal.configuration(configuration.withBirths(births)))
            : List.of(Proposal.noop()));
  }

  /** Whether this node must lead no more. */
  boolean lost() {
    return lost;
  }

  /** The entries up to which of the log may go, for all that peers still need them. */
  long compactible(long index) {
    return replication.compactible(index);
  }

  void snapshotTaken(SnapshotId id) {
    replication.snapshotTaken(id);
  }

  void tick() {
    if (state.nowNanos - heartbeatDueNanos >= 0 && !diskIsStuck()) {
      beat();
    }
    handover.tick();
    reconfiguration.admit();
    boolean quorumHeard =
        agreedAge(Replication::contactAge) > -CHECK_QUORUM_TIMEOUTS * silenceNanos();
    boolean patient = state.nowNanos - patientUntilNanos < 0;
    if (!quorumHeard && !patient || diskHangs()) {
      lost = true;
    }
  }

  /** This node itself stood still: gives answers that are queueing time to be taken up. */
  void slept() {
    patientUntilNanos = state.nowNanos + silenceNanos();
  }

  /**
   * Whether all members have all there is, durably and committed, and nobody has wanted anything
   * for an election time-out.
   */
  boolean mayRest() {
    long last = state.log.lastIndex();
    return termCommitted()
        && state.commitIndex == last
        && state.out.storedIndex() == last
        && state.nowNanos - usedNanos >= silenceNanos()
        && !(handover.underWay() || handover.nominated())
        && !state.log.configuration().isJoint()
        && readers.isEmpty()
        && replication.allHave(last, silenceNanos());
  }

  /** Tells all members that nothing will come for now. */
  void rest(long life) {
    for (Progress peer : replication.peers()) {
      state.out.sendNow(peer.peer, new Rest(state.term, state.log.lastIndex(), life));
    }
  }

  /** Begins a round after a rest, and gives the members time to answer it. */
  void awoke() {
    usedNanos = state.nowNanos;
    patientUntilNanos = state.nowNanos + CHECK_QUORUM_TIMEOUTS * silenceNanos();
    beat();
  }

  void propose(List<Proposal> batch) {
    long bytes = 0;
    for (Proposal proposal : batch) {
      bytes += proposal.payload().length;
    }
    if (handover.underWay()) {
      refuse(Refusal.TRANSFERRING);
    } else if (state.uncommittedBytes() + bytes > state.options.maxUncommittedBytes()) {
      refuse(Refusal.OVERLOADED);
    } else {
      state.out.add(new Accepted(state.log.lastIndex() + 1, state.term));
      append(batch);
    }
  }

  /** Puts {@code batch} into the log and sends it before this node's own disk has it. */
  void append(List<Proposal> batch) {
    usedNanos = state.nowNanos;
    state.append(Entry.encode(batch, state.term, timeMillis()));
    replication.reconfigured();
    replication.replicateAll();
  }

  void read(NodeId from, long id, boolean lease) {
    usedNanos = state.nowNanos;
    if (lease && leaseHolds()) {
      state.out.add(new ReadReady(id, state.commitIndex));
    } else {
      readers.add(from, id);
    }
  }

  void change(long expectedIndex, Configuration target) {
    reconfiguration.request(expectedIndex, target);
  }

  void transfer(Optional<NodeId> target) {
    handover.request(target);
  }

  void appendReply(Member from, AppendReply reply) {
    Progress peer = replication.heard(from);
    if (peer != null) {
      heard(peer, reply.round());
      replication.answered(peer, reply);
      handover.progressed(peer);
      advance();
    }
  }

  void chunkReply(Member from, ChunkReply reply) {
    Progress peer = replication.heard(from);
    if (peer != null) {
      heard(peer, 0);
      replication.chunkAnswered(peer, reply);
      advance();
    }
  }

  /** Counts what this node's own disk has, and whatever else may have become enough. */
  void advance() {
    long agreed = state.log.configuration().agreed(replication::matchIndex);
    if (agreed > state.commitIndex && state.log.termAt(agreed) == state.term) {
      state.commitTo(agreed);
      reconfiguration.committed();
    }
  }

  /** Ends a step: answers readers, and begins a round for those who came meanwhile. */
  void flush() {
    long confirmed = confirmedRound();
    readers.confirmed(confirmed);
    if (termCommitted() && readers.needRound(rounds, confirmed)) {
      beat();
      readers.roundBegan(rounds.current());
      readers.confirmed(confirmedRound());
    }
  }

  /** Fails all who wait; this node leads no more. */
  void close() {
    readers.failAll();
    handover.close();
    reconfiguration.close();
  }

  /** Leaves office because this node stops. */
  void leave() {
    beat();
    handover.leave();
    lost = true;
  }

  /** Leaves office after the change that removed this node is committed. */
  void resign() {
    beat();
    handover.nominateBest();
    lost = true;
  }

  boolean termCommitted() {
    return state.commitIndex >= firstIndex;
  }

  private void heard(Progress peer, long round) {
    peer.contacted = true;
    peer.lastContactNanos = state.nowNanos;
    rounds.answered(peer, round);
  }

  /** Begins a round and tells everybody. */
  private void beat() {
    rounds.begin(state.nowNanos);
    heartbeatDueNanos = state.nowNanos + state.options.heartbeatNanos();
    replication.beat();
  }

  private long confirmedRound() {
    return state
        .log
        .configuration()
        .agreed(
            (node, birth) -> {
              Progress peer = replication.counted(node, birth);
              return peer != null
                  ? peer.ackedRound
                  : state.member.counts(node, birth) ? rounds.current() : 0;
            });
  }

  private boolean leaseHolds() {
    return termCommitted()
        && !handover.nominated()
        && agreedAge(Replication::leaseAge) > -state.options.leaseNanos();
  }

  /** The lease as it is now, or null if there is none. */
  Lease lease() {
    if (!leaseHolds()) {
      return null;
    }
    long beganNanos = state.nowNanos + agreedAge(Replication::leaseAge);
    return new Lease(beganNanos + state.options.leaseNanos(), state.commitIndex);
  }

  /** The least negative age that a majority has; ages are negative so that newer is more. */
  private long agreedAge(AgeOf ageOf) {
    return state
        .log
        .configuration()
        .agreed(
            (node, birth) -> {
              Progress peer = replication.counted(node, birth);
              return peer != null
                  ? -ageOf.nanos(peer, state.nowNanos)
                  : state.member.counts(node, birth) ? 0 : -Long.MAX_VALUE;
            });
  }

  private interface AgeOf {
    long nanos(Progress peer, long nowNanos);
  }

  private long silenceNanos() {
    return state.options.electionTimeoutNanos();
  }

  /** Signs of life vouch for the disk too: none while it does not answer. */
  private boolean diskIsStuck() {
    return state.out.waitingNanos(state.nowNanos) > 2 * state.options.electionTimeoutNanos();
  }

  private boolean diskHangs() {
    return state.out.waitingNanos(state.nowNanos) > 4 * state.options.electionTimeoutNanos();
  }

  /** Log time: it passes while somebody leads, and never goes back, whatever clocks do. */
  long timeMillis() {
    return firstTimeMillis + (state.nowNanos - electedNanos) / 1_000_000;
  }

  private void refuse(Refusal reason) {
    state.out.add(new Refused(reason, Optional.of(state.self)));
  }
}
