package io.quorate.consensus.raft;

import java.util.List;

/** What the nodes of a group say to each other. Each message carries the term of who says it. */
sealed interface Message {
  /** The sender's term; for {@link PreVote} the term it would campaign in. */
  long term();

  /** Could I win an election? Changes nothing at the receiver. */
  record PreVote(long term, long lastIndex, long lastTerm) implements Message {}

  /** Answers a {@link PreVote} for {@code requestTerm}. */
  record PreVoteReply(long term, long requestTerm, boolean granted) implements Message {}

  /** Asks for a vote; {@code transfer} if the leader itself asked for this election. */
  record Vote(long term, long lastIndex, long lastTerm, boolean transfer) implements Message {}

  /** Answers a {@link Vote} of the same term. */
  record VoteReply(long term, boolean granted) implements Message {}

  /**
   * Entries behind {@code prevIndex}, or none as a sign of life.
   *
   * @param round the leader's latest round of asking whether it still leads
   */
  record Append(
      long term, long prevIndex, long prevTerm, long commitIndex, long round, List<Entry> entries)
      implements Message {}

  /**
   * Answers an {@link Append}.
   *
   * @param round the request's, proof that this node followed after that round began
   * @param index if {@code success}: up to here the log is the leader's and durable, as far as the
   *     request proved; otherwise the request's {@code prevIndex}, which does not match
   * @param hint without success: where the leader may try next
   */
  record AppendReply(long term, long round, boolean success, long index, long hint)
      implements Message {}

  /** Bytes of a snapshot, or, when empty, the offer of one. */
  record Chunk(long term, SnapshotId id, long offset, byte[] bytes) implements Message {}

  /**
   * Answers a {@link Chunk}.
   *
   * @param nextOffset where the receiver wants to go on
   * @param installed whether the receiver has all that the snapshot covers
   */
  record ChunkReply(long term, SnapshotId id, long nextOffset, boolean installed)
      implements Message {}

  /** The leader hands over: campaign now. */
  record TimeoutNow(long term) implements Message {}

  /** Up to which index must I apply before I may read? */
  record ReadIndex(long term, long id) implements Message {}

  /** Answers a {@link ReadIndex}; without {@code known} the receiver could not say. */
  record ReadIndexReply(long term, long id, boolean known, long index) implements Message {}

  /**
   * All have everything, and nothing more will come until something is asked: timers may stop.
   *
   * @param index where the log ends, all of it committed
   * @param life in which of its lives the leader's node is
   */
  record Rest(long term, long index, long life) implements Message {}
}
