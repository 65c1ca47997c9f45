package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.List;
import java.util.Optional;

/** What a step of {@link RaftCore} wants done, in this order. */
sealed interface Effect {
  /**
   * Send {@code message}, but not before {@link Persist} number {@code barrier} is durable. Sends
   * are released in their order; 0 waits for nothing.
   */
  record Send(NodeId to, Message message, long barrier) implements Effect {}

  /**
   * Make durable, in one atomic unit and after all units before it: the term and vote, and entries
   * that replace everything from {@code fromIndex} on.
   *
   * @param number 1 for the first, then ever one more
   * @param term the current term
   * @param vote whom this node votes for in {@code term}
   * @param reset where the log begins anew behind an installed snapshot, if it does
   * @param fromIndex the index of the first of {@code entries}; 0 if the log does not change
   */
  record Persist(
      long number,
      long term,
      Optional<NodeId> vote,
      Optional<SnapshotMark> reset,
      long fromIndex,
      List<Entry> entries)
      implements Effect {}

  /** Entries from {@code firstIndex} on are committed: apply them. */
  record Apply(long firstIndex, List<Entry> entries) implements Effect {}

  /** The proposed batch has its place in the log. */
  record Accepted(long firstIndex, long term) implements Effect {}

  /** The proposed batch has had no effect and never will. */
  record Refused(Refusal reason, Optional<NodeId> leader) implements Effect {}

  /** The reader may read once all up to {@code index} is applied. */
  record ReadReady(long id, long index) implements Effect {}

  /** Nobody could say now what the reader would have to wait for; it may ask again. */
  record ReadFailed(long id) implements Effect {}

  /** The role, the term or the known leader has changed. */
  record Became(Role role, long term, Optional<NodeId> leader) implements Effect {}

  /** Who takes part has changed, for now: an uncommitted change may be taken back. */
  record Reconfigured(long index, Configuration configuration) implements Effect {}

  /** The change asked for is committed, or was refused, or its fate is unknown. */
  record ChangeEnded(Optional<Refusal> refusal) implements Effect {}

  /** The transfer asked for is under way no more. */
  record TransferEnded(boolean handedOver) implements Effect {}

  /** Read a chunk of the snapshot at {@code offset} and send it in {@code term}. */
  record SendChunk(NodeId to, long term, SnapshotId id, long offset) implements Effect {}

  /** Write a received chunk to the file of the snapshot that is being received. */
  record StoreChunk(SnapshotId id, long offset, byte[] bytes) implements Effect {}

  /** Replace the state machine's state by the snapshot just received. */
  record Restore(SnapshotId id, SnapshotMark mark) implements Effect {}
}
