package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.ReadFailed;
import io.quorate.consensus.raft.Effect.ReadReady;
import io.quorate.consensus.raft.Message.ReadIndex;
import io.quorate.consensus.raft.Message.ReadIndexReply;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads of this node that its leader was asked about. */
final class RemoteReads {
  private final NodeState state;
  private final long firstId;
  /** When each was asked, by the id that the leader knows. */
  private final SortedMap<Long, Long> askedNanos = new TreeMap<>();

  /** {@code firstId} tells them from those of an earlier life of this node. */
  RemoteReads(NodeState state, long firstId) {
    this.state = state;
    this.firstId = firstId;
  }

  boolean isEmpty() {
    return askedNanos.isEmpty();
  }

  /** Asks the leader, or fails the read if there is none. */
  void ask(long id) {
    if (state.leader == null) {
      state.out.add(new ReadFailed(id));
      return;
    }
    long unique = firstId + id;
    askedNanos.put(unique, state.nowNanos);
    state.out.sendNow(state.leader, new ReadIndex(state.term, unique));
  }

  void answered(ReadIndexReply reply) {
    if (askedNanos.remove(reply.id()) != null) {
      long id = reply.id() - firstId;
      state.out.add(reply.known() ? new ReadReady(id, reply.index()) : new ReadFailed(id));
    }
  }

  /** Fails those that have had no answer for an election time-out. */
  void expire() {
    askedNanos
        .entrySet()
        .removeIf(
            asked -> {
              boolean late =
                  state.nowNanos - asked.getValue() > state.options.electionTimeoutNanos();
              if (late) {
                state.out.add(new ReadFailed(asked.getKey() - firstId));
              }
              return late;
            });
  }

  void failAll() {
    askedNanos.keySet().forEach(id -> state.out.add(new ReadFailed(id - firstId)));
    askedNanos.clear();
  }
}
