package io.quorate.consensus.raft;

import io.quorate.core.Metrics;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What the threads of the application may know of a group without asking its loop. Written by the
 * loop.
 */
final class StatusBoard<C, R> {
  private final Applier<C, R> applier;
  private final RaftMeters meters;
  private volatile RaftStatus status;
  /** Null while this node has none. */
  private volatile Lease lease;
  private Consumer<RaftStatus> listener = changed -> {};

  StatusBoard(Metrics metrics, String group, Applier<C, R> applier, RaftStatus first) {
    this.meters = new RaftMeters(metrics, group);
    this.applier = applier;
    this.status = first;
  }

  RaftMeters meters() {
    return meters;
  }

  /** Any thread. */
  RaftStatus status() {
    RaftStatus last = status;
    return new RaftStatus(
        last.role(), last.term(), last.leader(), meters.commitIndex(), applier.appliedIndex(),
        meters.lastIndex(), last.configurationIndex(), last.configuration());
  }

  void listen(Consumer<RaftStatus> newListener) {
    listener = newListener;
  }

  /**
   * Whether the state as applied here may be shown to a linearizable reader that began before
   * {@code nowNanos}. Any thread.
   *
   * <p>The clock must have been read before this is called: a lease that is given up before a
   * successor is nominated is then either seen to be gone, or had not been given up at that time.
   */
  boolean mayRead(long nowNanos) {
    Lease held = lease;
    return held != null && held.holds(nowNanos) && applier.appliedIndex() >= held.index();
  }

  /** To be called before anybody is told what the last step decided. */
  void lease(Lease next) {
    if (next == null || !next.equals(lease)) {
      lease = next;
    }
  }

  /** Notes what the last step has changed. */
  void update(RaftCore core) {
    LogView log = core.log();
    meters.indexes(core.commitIndex(), applier.appliedIndex(), log.lastIndex());
    RaftStatus last = status;
    if (last.role() == core.role()
        && last.term() == core.term()
        && last.leader().equals(core.leader())
        && last.configurationIndex() == log.configurationIndex()) {
      return;
    }
    show(
        new RaftStatus(
            core.role(), core.term(), core.leader(), core.commitIndex(), applier.appliedIndex(),
            log.lastIndex(), log.configurationIndex(), log.configuration()));
  }

  /** This node takes part no more. */
  void stopped() {
    lease = null;
    RaftStatus last = status;
    show(
        new RaftStatus(
            Role.FOLLOWER, last.term(), Optional.empty(), last.commitIndex(),
            applier.appliedIndex(), last.lastIndex(), last.configurationIndex(),
            last.configuration()));
  }

  private void show(RaftStatus next) {
    status = next;
    listener.accept(next);
  }
}
