package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.ReadFailed;
import io.quorate.consensus.raft.Effect.ReadReady;
import io.quorate.consensus.raft.Message.ReadIndexReply;
import io.quorate.core.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Readers at the leader who wait to hear that it still led after they had asked.
 *
 * <p>A reader is served by the first round that begins after it asked. All who ask while rounds are
 * under way share the next one.
 */
final class Readers {
  private static final int MAX_ROUNDS_UNDER_WAY = 2;

  private record Reader(NodeId from, long id) {}

  private record Waiting(Reader reader, long round, long index) {}

  private final NodeState state;
  private final List<Reader> fresh = new ArrayList<>();
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  Readers(NodeState state) {
    this.state = state;
  }

  void add(NodeId from, long id) {
    fresh.add(new Reader(from, id));
  }

  boolean isEmpty() {
    return fresh.isEmpty() && waiting.isEmpty();
  }

  /** Whether a round should begin now for those who wait for one. */
  boolean needRound(Rounds rounds, long confirmed) {
    return !fresh.isEmpty() && rounds.current() - confirmed < MAX_ROUNDS_UNDER_WAY;
  }

  /** Round {@code round} has begun: it will answer all who have asked before. */
  void roundBegan(long round) {
    fresh.forEach(reader -> waiting.addLast(new Waiting(reader, round, state.commitIndex)));
    fresh.clear();
  }

  /** A majority has answered {@code round}. */
  void confirmed(long round) {
    while (!waiting.isEmpty() && waiting.peekFirst().round <= round) {
      Waiting next = waiting.pollFirst();
      answer(next.reader, next.index);
    }
  }

  /** This node leads no more. */
  void failAll() {
    waiting.forEach(next -> fail(next.reader));
    fresh.forEach(this::fail);
    waiting.clear();
    fresh.clear();
  }

  private void answer(Reader reader, long index) {
    if (reader.from.equals(state.self)) {
      state.out.add(new ReadReady(reader.id, index));
    } else {
      state.out.sendAfterState(
          reader.from, new ReadIndexReply(state.term, reader.id, true, index));
    }
  }

  private void fail(Reader reader) {
    if (reader.from.equals(state.self)) {
      state.out.add(new ReadFailed(reader.id));
    } else {
      state.out.sendAfterState(reader.from, new ReadIndexReply(state.term, reader.id, false, 0));
    }
  }
}
