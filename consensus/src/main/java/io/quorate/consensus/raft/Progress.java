package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.ArrayDeque;
import java.util.Deque;

/** What a leader knows of one peer. */
final class Progress {
  enum Mode {
    /** Where the logs part is not known: one message at a time. */
    PROBE,
    /** The logs agree up to {@link #matchIndex}: entries are sent ahead of their answers. */
    REPLICATE,
    /** The peer needs what a snapshot has replaced. */
    SNAPSHOT
  }

  private record Sent(long lastIndex, long bytes) {}

  final NodeId peer;
  /** In which birth it spoke last; 0 if it has not spoken in this term. */
  long birth;
  Mode mode = Mode.PROBE;
  long matchIndex;
  long nextIndex;
  boolean probing;
  boolean contacted;
  long lastContactNanos;
  long ackedRound;
  boolean leased;
  long leaseFromNanos;
  SnapshotId snapshot;
  long chunkOffset;
  long chunkSentNanos;
  private final Deque<Sent> sent = new ArrayDeque<>();
  private long inFlightBytes;

  Progress(NodeId peer, long nextIndex) {
    this.peer = peer;
    this.nextIndex = nextIndex;
  }

  /** It speaks in another birth than before: what it had, it has no more. */
  void born(long newBirth) {
    if (birth != 0) {
      matchIndex = 0;
      ackedRound = 0;
      contacted = false;
      leased = false;
      probe(nextIndex);
    }
    birth = newBirth;
  }

  boolean hasRoom(long maxBytes) {
    return inFlightBytes < maxBytes;
  }

  void sent(long lastIndex, long bytes) {
    sent.addLast(new Sent(lastIndex, bytes));
    inFlightBytes += bytes;
    nextIndex = lastIndex + 1;
  }

  /** The peer has all up to {@code index}, durably. */
  void matched(long index) {
    matchIndex = Math.max(matchIndex, index);
    while (!sent.isEmpty() && sent.peekFirst().lastIndex <= matchIndex) {
      inFlightBytes -= sent.pollFirst().bytes;
    }
    if (mode != Mode.REPLICATE) {
      mode = Mode.REPLICATE;
      snapshot = null;
      nextIndex = matchIndex + 1;
    } else {
      nextIndex = Math.max(nextIndex, matchIndex + 1);
    }
  }

  /** Forgets what was sent ahead and asks from {@code index} on. */
  void probe(long index) {
    mode = Mode.PROBE;
    snapshot = null;
    probing = false;
    nextIndex = Math.max(matchIndex + 1, index);
    sent.clear();
    inFlightBytes = 0;
  }

  void beginSnapshot(SnapshotId id, long nowNanos) {
    probe(nextIndex);
    mode = Mode.SNAPSHOT;
    snapshot = id;
    chunkOffset = -1;
    chunkSentNanos = nowNanos;
  }
}
