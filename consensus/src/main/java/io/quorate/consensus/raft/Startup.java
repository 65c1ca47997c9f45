package io.quorate.consensus.raft;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Brings back what a group remembers: the newest snapshot, then the log, then a core made of both.
 * Belongs to the group's loop.
 */
final class Startup<C, R> {
  private final Raft host;
  private final Group<C, R> group;
  private final Snapshots<C, R> snapshots;
  private final JournalKeeper journal;
  private final CompletableFuture<RaftCore> core = new CompletableFuture<>();

  Startup(Raft host, Group<C, R> group, Snapshots<C, R> snapshots, JournalKeeper journal) {
    this.host = host;
    this.group = group;
    this.snapshots = snapshots;
    this.journal = journal;
  }

  /** Completes on the loop, with the core or with what does not fit together. */
  CompletableFuture<RaftCore> run() {
    snapshots.recover(
        newest ->
            journal
                .recover()
                .whenComplete(
                    (units, error) -> {
                      if (error != null) {
                        core.completeExceptionally(error);
                      } else {
                        complete(newest, units);
                      }
                    }));
    return core;
  }

  private void complete(Optional<SnapshotFiles.Stored> newest, List<byte[]> units) {
    try {
      core.complete(assemble(newest, units));
    } catch (RuntimeException e) {
      core.completeExceptionally(e);
    }
  }

  private RaftCore assemble(Optional<SnapshotFiles.Stored> newest, List<byte[]> units) {
    SnapshotMark mark =
        newest
            .map(SnapshotFiles.Stored::mark)
            .orElseGet(() -> SnapshotMark.initial(host.firstMembers(group)));
    Replay replay = new Replay();
    units.forEach(unit -> Units.decode(unit, replay));
    RaftCore.Recovered recovered =
        replay.finish(mark, newest.map(SnapshotFiles.Stored::id).orElse(null));
    journal.begin(replay, mark, recovered);
    return new RaftCore(
        host.member(),
        host.options().core(group.priority()),
        host.environment().random("raft/" + group.name()),
        recovered,
        host.environment().clock().monotonicNanos());
  }
}
