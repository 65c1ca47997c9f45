package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.Apply;
import io.quorate.consensus.raft.Effect.Reconfigured;
import io.quorate.core.NodeId;
import java.util.List;

/** What the parts of one core share. Written by the core's own step alone. */
final class NodeState {
  final NodeId self;
  /** This node, in its present birth. */
  final Member member;
  final CoreOptions options;
  final LogView log;
  final Outbox out;
  long nowNanos;
  long term;
  /** Whom this node votes for in {@link #term}, or null. */
  NodeId vote;
  Role role = Role.FOLLOWER;
  /** The leader of {@link #term}, or null while it is not known. */
  NodeId leader;
  long commitIndex;
  private long uncommittedBytes;
  private long reportedConfiguration = -1;

  NodeState(Member member, CoreOptions options, LogView log, long term, NodeId vote) {
    this.self = member.id();
    this.member = member;
    this.options = options;
    this.log = log;
    this.term = term;
    this.vote = vote;
    this.out = new Outbox(log.lastIndex());
    this.commitIndex = log.baseIndex();
    this.uncommittedBytes = log.bytes();
  }

  /** Everything up to {@code index} is committed. */
  void commitTo(long index) {
    if (index < commitIndex || index > log.lastIndex()) {
      throw new IllegalStateException(
          "commit index " + index + ", was " + commitIndex + ", log ends at " + log.lastIndex());
    }
    if (index == commitIndex) {
      return;
    }
    long first = commitIndex + 1;
    commitIndex = index;
    List<Entry> entries = log.range(first, index + 1);
    for (Entry entry : entries) {
      uncommittedBytes -= entry.length;
    }
    out.add(new Apply(first, entries));
  }

  /** Appends to the log and has it made durable. */
  void append(List<Entry> entries) {
    out.appended(log.lastIndex() + 1, entries);
    for (Entry entry : entries) {
      log.append(entry);
      uncommittedBytes += entry.length;
    }
  }

  /** Cuts the log from {@code index} on, which must not be committed. */
  void truncateFrom(long index) {
    if (index <= commitIndex) {
      throw new IllegalStateException(
          "a leader contradicts the committed entry " + index + ", committed to " + commitIndex);
    }
    for (long i = index; i <= log.lastIndex(); i++) {
      uncommittedBytes -= log.length(i);
    }
    log.truncateFrom(index);
    out.truncatedFrom(index);
  }

  /**
   * Takes over the state of a snapshot; keeps what follows it in the log if that is of one piece.
   */
  void install(SnapshotMark mark) {
    if (log.termAt(mark.index()) == mark.term()) {
      out.covered(mark.index());
      for (long i = commitIndex + 1; i <= mark.index(); i++) {
        uncommittedBytes -= log.length(i);
      }
      log.compactTo(mark.index());
    } else {
      log.reset(mark);
      out.reset(mark);
      uncommittedBytes = 0;
    }
    commitIndex = mark.index();
  }

  /** Encoded bytes of the entries that are not known to be committed. */
  long uncommittedBytes() {
    return uncommittedBytes;
  }

  /** Tells of a configuration that has come into force, or come back; whether one has. */
  boolean reportConfiguration() {
    boolean changed = log.configurationIndex() != reportedConfiguration;
    if (changed) {
      reportedConfiguration = log.configurationIndex();
      out.add(new Reconfigured(reportedConfiguration, log.configuration()));
    }
    return changed;
  }
}
