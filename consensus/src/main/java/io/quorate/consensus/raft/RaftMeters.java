package io.quorate.consensus.raft;

import io.quorate.core.Metrics;

/** What one group reports. */
final class RaftMeters {
  private final Metrics.Counter committed;
  private final Metrics.Counter elections;
  private volatile long commitIndex;
  private volatile long appliedIndex;
  private volatile long lastIndex;

  RaftMeters(Metrics metrics, String group) {
    committed = metrics.counter("raft_committed_entries", "group", group);
    elections = metrics.counter("raft_elections_won", "group", group);
    metrics.gauge("raft_commit_index", () -> commitIndex, "group", group);
    metrics.gauge("raft_applied_index", () -> appliedIndex, "group", group);
    metrics.gauge("raft_last_index", () -> lastIndex, "group", group);
  }

  void committed(int entries) {
    committed.add(entries);
  }

  void elected() {
    elections.increment();
  }

  void indexes(long commit, long applied, long last) {
    commitIndex = commit;
    appliedIndex = applied;
    lastIndex = last;
  }

  long commitIndex() {
    return commitIndex;
  }

  long lastIndex() {
    return lastIndex;
  }
}
