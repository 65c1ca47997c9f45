package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.SendChunk;
import io.quorate.consensus.raft.Message.Append;
import io.quorate.consensus.raft.Message.AppendReply;
import io.quorate.consensus.raft.Message.ChunkReply;
import io.quorate.core.NodeId;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * Brings every peer's log in step with the leader's. Entries are sent ahead of their answers up to
 * a limit in bytes; a gap that a lost message leaves is seen by the next one, at the latest by the
 * next sign of life.
 */
final class Replication {
  private static final int CHUNK_PATIENCE_HEARTBEATS = 6;
  private static final int SPARING_TIMEOUTS = 10;
  private static final long FOREVER = Long.MAX_VALUE;

  private final NodeState state;
  private final Rounds rounds;
  private final SortedMap<NodeId, Progress> peers = new TreeMap<>();
  private SnapshotId latestSnapshot;
  private long configurationIndex = -1;
  /** What was sent last: peers that are in step are sent the same. */
  private Append latest;

  Replication(NodeState state, Rounds rounds, SnapshotId latestSnapshot) {
    this.state = state;
    this.rounds = rounds;
    this.latestSnapshot = latestSnapshot;
    reconfigured();
  }

  /** What is known of {@code node}, or null if it is no peer. */
  Progress peer(NodeId node) {
    return peers.get(node);
  }

  /** What is known of {@code from}, who has spoken; null if it is no peer. */
  Progress heard(Member from) {
    Progress peer = peers.get(from.id());
    if (peer != null && peer.birth != from.birth()) {
      peer.born(from.birth());
    }
    return peer;
  }

  /** As {@link #peer}; null as well if not in {@code birth}, see {@link Configuration.Reached}. */
  Progress counted(NodeId node, long birth) {
    Progress peer = peers.get(node);
    return peer != null && Configuration.counts(birth, peer.birth) ? peer : null;
  }

  Iterable<Progress> peers() {
    return peers.values();
  }

  /** Up to where {@code node} has the log, durably and in {@code birth}. */
  long matchIndex(NodeId node, long birth) {
    if (state.member.counts(node, birth)) {
      return state.out.storedIndex();
    }
    Progress peer = counted(node, birth);
    return peer == null ? 0 : peer.matchIndex;
  }

  /** Whether all peers have the log up to {@code index}, and were heard within a time. */
  boolean allHave(long index, long withinNanos) {
    for (Progress peer : peers.values()) {
      if (peer.mode != Progress.Mode.REPLICATE
          || peer.matchIndex < index
          || contactAge(peer, state.nowNanos) > withinNanos) {
        return false;
      }
    }
    return true;
  }

  /** Nanoseconds since {@code peer} was last heard. */
  static long contactAge(Progress peer, long nowNanos) {
    return peer.contacted ? nowNanos - peer.lastContactNanos : FOREVER;
  }

  /** Nanoseconds since the beginning of the latest round that {@code peer} has answered. */
  static long leaseAge(Progress peer, long nowNanos) {
    return peer.leased ? nowNanos - peer.leaseFromNanos : FOREVER;
  }

  void snapshotTaken(SnapshotId id) {
    latestSnapshot = id;
  }

  /** Spares what a peer will need once it has the snapshot that it is being sent. */
  long compactible(long index) {
    long spared = index;
    for (Progress peer : peers.values()) {
      long patience = SPARING_TIMEOUTS * state.options.electionTimeoutNanos();
      if (peer.mode == Progress.Mode.SNAPSHOT && contactAge(peer, state.nowNanos) < patience) {
        spared = Math.min(spared, peer.snapshot.index());
      }
    }
    return spared;
  }

  /** Follows the configuration in force: new members become peers, former ones are forgotten. */
  void reconfigured() {
    if (configurationIndex == state.log.configurationIndex()) {
      return;
    }
    configurationIndex = state.log.configurationIndex();
    SortedSet<NodeId> members = state.log.configuration().members();
    peers.keySet().retainAll(members);
    for (NodeId member : members) {
      if (!member.equals(state.self)) {
        peers.computeIfAbsent(member, id -> new Progress(id, state.log.lastIndex() + 1));
      }
    }
  }

  /** Sends to every peer what it may be sent now. */
  void replicateAll() {
    peers.values().forEach(this::replicate);
  }

  /** A sign of life to every peer, which also repairs what was lost on the way. */
  void beat() {
    for (Progress peer : peers.values()) {
      if (peer.mode == Progress.Mode.SNAPSHOT) {
        sendAppend(peer, 0, List.of());
        repeatChunk(peer);
      } else if (peer.nextIndex <= state.log.baseIndex()) {
        replicate(peer);
      } else {
        sendAppend(peer, peer.nextIndex - 1, List.of());
        peer.probing = peer.mode == Progress.Mode.PROBE;
      }
    }
  }

  void answered(Progress peer, AppendReply reply) {
    if (reply.success()) {
      succeeded(peer, reply.index());
    } else if (isNews(peer, reply)) {
      peer.probe(Math.min(reply.index(), reply.hint()));
    } else {
      return;
    }
    replicate(peer);
  }

  void chunkAnswered(Progress peer, ChunkReply reply) {
    if (reply.installed()) {
      if (reply.id().index() <= state.log.lastIndex()) {
        peer.matched(reply.id().index());
        replicate(peer);
      }
    } else if (peer.mode == Progress.Mode.SNAPSHOT && reply.id().equals(peer.snapshot)) {
      sendChunk(peer, reply.nextOffset());
    }
  }

  private void succeeded(Progress peer, long index) {
    if (index > state.log.lastIndex()) {
      throw new IllegalStateException(
          peer.peer + " acknowledges " + index + ", the log ends at " + state.log.lastIndex());
    }
    // A sign of life during a transfer proves nothing that the log here could go on from.
    if (peer.mode == Progress.Mode.SNAPSHOT && index < state.log.baseIndex()) {
      return;
    }
    peer.matched(index);
  }

  /** Whether a rejection is of what the leader believes now, not of what it has given up. */
  private static boolean isNews(Progress peer, AppendReply reply) {
    return switch (peer.mode) {
      case PROBE -> reply.index() == peer.nextIndex - 1;
      case REPLICATE -> reply.index() > peer.matchIndex && reply.index() < peer.nextIndex;
      case SNAPSHOT -> false;
    };
  }

  private void replicate(Progress peer) {
    if (peer.mode == Progress.Mode.SNAPSHOT) {
      return;
    }
    if (peer.nextIndex <= state.log.baseIndex()) {
      offerSnapshot(peer);
      return;
    }
    if (peer.mode == Progress.Mode.PROBE) {
      if (!peer.probing) {
        peer.probing = true;
        sendNext(peer);
      }
      return;
    }
    while (peer.nextIndex <= state.log.lastIndex()
        && peer.hasRoom(state.options.maxInFlightBytes())) {
      List<Entry> entries = sendNext(peer);
      long bytes = 0;
      for (Entry entry : entries) {
        bytes += entry.length;
      }
      peer.sent(peer.nextIndex + entries.size() - 1, bytes);
    }
  }

  /** Sends as many of the entries that the peer lacks as one message may hold. */
  private List<Entry> sendNext(Progress peer) {
    long prevIndex = peer.nextIndex - 1;
    boolean same =
        latest != null
            && latest.prevIndex() == prevIndex
            && latest.commitIndex() == state.commitIndex
            && latest.round() == rounds.current()
            && prevIndex + latest.entries().size() == state.log.lastIndex();
    if (same) {
      state.out.sendNow(peer.peer, latest);
      return latest.entries();
    }
    List<Entry> entries = state.log.entries(peer.nextIndex, state.options.maxAppendBytes());
    latest = sendAppend(peer, prevIndex, entries);
    return entries;
  }

  private Append sendAppend(Progress peer, long prevIndex, List<Entry> entries) {
    long prevTerm = prevIndex == 0 ? 0 : state.log.termAt(prevIndex);
    Append append =
        new Append(
            state.term, prevIndex, prevTerm, state.commitIndex, rounds.current(), entries);
    state.out.sendNow(peer.peer, append);
    return append;
  }

  private void offerSnapshot(Progress peer) {
    if (latestSnapshot == null) {
      throw new IllegalStateException("log begins behind a snapshot that is not there");
    }
    peer.beginSnapshot(latestSnapshot, state.nowNanos);
    sendChunk(peer, 0);
  }

  private void repeatChunk(Progress peer) {
    long patience = CHUNK_PATIENCE_HEARTBEATS * state.options.heartbeatNanos();
    if (state.nowNanos - peer.chunkSentNanos < patience) {
      return;
    }
    // The file of an older snapshot may be gone by now.
    if (!peer.snapshot.equals(latestSnapshot)) {
      offerSnapshot(peer);
    } else {
      sendChunk(peer, Math.max(0, peer.chunkOffset));
    }
  }

  private void sendChunk(Progress peer, long offset) {
    peer.chunkOffset = offset;
    peer.chunkSentNanos = state.nowNanos;
    state.out.add(new SendChunk(peer.peer, state.term, peer.snapshot, offset));
  }
}
