package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.List;
import java.util.Optional;

/**
 * What happens to a {@link RaftCore}. Each input carries the monotonic time at which it was taken
 * up; that reading must be later than the events the input stands for.
 */
sealed interface Input {
  long nowNanos();

  /** Time has passed. */
  record Tick(long nowNanos) implements Input {}

  /** A message has arrived. */
  record Receive(Member from, Message message, long nowNanos) implements Input {}

  /**
   * There is no work: a leader may let the group rest, if all members have everything.
   *
   * @param life in which of its lives this node is, for followers to recognise a restart by
   */
  record Rest(long life, long nowNanos) implements Input {}

  /**
   * A group that rests has to look after itself again.
   *
   * @param silent whether a node that it relied on has fallen silent
   */
  record Wake(boolean silent, long nowNanos) implements Input {}

  /** Commands for the log: all are accepted, or all are refused. */
  record Propose(List<Proposal> batch, long nowNanos) implements Input {}

  /** {@link Effect.Persist} number {@code persist} and all before it are durable. */
  record Stored(long persist, long nowNanos) implements Input {}

  /** Somebody wants to read linearizably; {@code lease} if a clock may stand in for a quorum. */
  record Read(long id, boolean lease, long nowNanos) implements Input {}

  /**
   * Changes who takes part.
   *
   * @param expectedIndex where the configuration to replace came into force, or -1 for any
   */
  record Change(long expectedIndex, Configuration target, long nowNanos) implements Input {}

  /** Hands leadership to {@code target}, or to the voter that is furthest along. */
  record Transfer(Optional<NodeId> target, long nowNanos) implements Input {}

  /** This node is about to stop: if it leads, another is to campaign at once. */
  record Leave(long nowNanos) implements Input {}

  /** A snapshot of this node's own state is durable; entries up to {@code compactTo} may go. */
  record SnapshotTaken(SnapshotId id, long compactTo, long nowNanos) implements Input {}

  /** {@link Effect.StoreChunk} is done, or undone: the transfer goes on at {@code nextOffset}. */
  record ChunkStored(SnapshotId id, long nextOffset, long nowNanos) implements Input {}

  /** A snapshot has been received in full, checked, and made durable. */
  record SnapshotReceived(SnapshotId id, SnapshotMark mark, long nowNanos) implements Input {}

  /**
   * Replaces the configuration without asking anybody, after a majority is lost for good. May lose
   * acknowledged entries; never to be used while the lost majority may come back.
   */
  record ForceConfiguration(Configuration target, long nowNanos) implements Input {}
}
