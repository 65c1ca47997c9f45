package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.Restore;
import io.quorate.consensus.raft.Effect.StoreChunk;
import io.quorate.consensus.raft.Message.Append;
import io.quorate.consensus.raft.Message.AppendReply;
import io.quorate.consensus.raft.Message.Chunk;
import io.quorate.consensus.raft.Message.ChunkReply;
import io.quorate.core.NodeId;
import java.util.List;

/** What a follower does with a leader's entries and snapshots. */
final class Following {
  private final NodeState state;
  /** The snapshot that is being received, or null. */
  private SnapshotId receiving;
  private long nextOffset;
  private boolean writing;

  Following(NodeState state) {
    this.state = state;
  }

  /** Takes the entries that follow {@code prevIndex} if the logs agree there. */
  void append(NodeId leader, Append request) {
    long prev = request.prevIndex();
    long verified = prev + request.entries().size();
    if (prev > state.log.baseIndex() && state.log.termAt(prev) != request.prevTerm()) {
      state.out.sendAfterState(leader, rejection(request));
      return;
    }
    // What a snapshot covers is committed, so it is the leader's too.
    long base = state.log.baseIndex();
    if (prev == base && base > 0 && state.log.termAt(base) != request.prevTerm()) {
      throw new IllegalStateException(
          "term " + request.prevTerm() + " at base " + base + ", was " + state.log.termAt(base));
    }
    take(request.entries(), prev);
    long committed = Math.min(request.commitIndex(), verified);
    if (committed > state.commitIndex) {
      state.commitTo(committed);
    }
    if (request.entries().isEmpty()) {
      // A sign of life is answered without waiting for the disk, so it claims only what is there.
      long index = Math.min(verified, state.out.storedIndex());
      state.out.sendAfterState(leader, accepted(request, index));
    } else {
      state.out.sendAfterAll(leader, accepted(request, verified));
    }
  }

  /** Takes bytes of a snapshot, or says from where on it wants them. */
  void chunk(NodeId leader, Chunk request) {
    SnapshotId id = request.id();
    if (id.index() <= state.commitIndex) {
      state.out.sendAfterAll(leader, new ChunkReply(state.term, id, id.bytes(), true));
      return;
    }
    if (writing) {
      return;
    }
    if (!id.equals(receiving)) {
      receiving = id;
      nextOffset = 0;
    }
    if (request.offset() == nextOffset && request.bytes().length > 0) {
      writing = true;
      state.out.add(new StoreChunk(id, request.offset(), request.bytes()));
    } else {
      answerChunk();
    }
  }

  void chunkStored(SnapshotId id, long offset) {
    writing = false;
    if (id.equals(receiving)) {
      nextOffset = offset;
      answerChunk();
    }
  }

  /** Takes over a snapshot that is complete and durable, unless the log has moved past it. */
  void received(SnapshotId id, SnapshotMark mark) {
    writing = false;
    receiving = null;
    if (mark.index() > state.commitIndex) {
      state.install(mark);
      state.out.add(new Restore(id, mark));
    }
    if (state.leader != null && !state.leader.equals(state.self)) {
      state.out.sendAfterAll(state.leader, new ChunkReply(state.term, id, id.bytes(), true));
    }
  }

  private void answerChunk() {
    if (state.leader != null && !state.leader.equals(state.self)) {
      state.out.sendAfterState(
          state.leader, new ChunkReply(state.term, receiving, nextOffset, false));
    }
  }

  private void take(List<Entry> entries, long prevIndex) {
    for (int i = 0; i < entries.size(); i++) {
      long index = prevIndex + 1 + i;
      if (index <= state.log.baseIndex()) {
        continue;
      }
      long known = state.log.termAt(index);
      if (known == entries.get(i).term) {
        continue;
      }
      if (known >= 0) {
        state.truncateFrom(index);
      }
      state.append(entries.subList(i, entries.size()));
      return;
    }
  }

  private AppendReply accepted(Append request, long index) {
    return new AppendReply(state.term, request.round(), true, index, 0);
  }

  /** Where the leader may try next: behind this log, or before the whole term that conflicts. */
  private AppendReply rejection(Append request) {
    long prev = request.prevIndex();
    long hint =
        prev > state.log.lastIndex()
            ? state.log.lastIndex() + 1
            : Math.max(state.log.firstOfTerm(prev), state.commitIndex + 1);
    return new AppendReply(state.term, request.round(), false, prev, hint);
  }
}
