package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.RefusedException;
import io.quorate.core.Text;
import io.quorate.core.storage.StorageException;
import io.quorate.replication.local.LocalOptions;
import io.quorate.replication.local.LocalStore;
import io.quorate.replication.replica.CellTable;
import io.quorate.replication.replica.Identity;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Opens one node, step by step: the placement, the disk, the identity, the table, the hints. */
final class Opening {
  private static final long RETRY_NANOS = 200_000_000L;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final Environment environment;
  private final QuorumOptions options;
  private final EventLoop loop;
  private final PlacementFile file;
  private final Executor disk;
  private final String directory;

  Opening(Environment environment, QuorumOptions options) {
    this.environment = environment;
    this.options = options;
    this.loop = environment.eventLoop("quorum");
    this.directory = options.local().directory();
    this.file = new PlacementFile(environment.storage(), directory);
    this.disk = environment.blockingExecutor(Text.nameOfPath(directory) + "-placement");
  }

  /** With one placement for ever. */
  CompletableFuture<QuorumNode> fixed(Placement placement) {
    return kept()
        .thenCompose(
            kept -> {
              if (kept.isPresent()) {
                throw new StorageException(
                    directory + " is of a store whose placement changes, now of epoch "
                        + kept.get().epoch() + ": it cannot be opened with a fixed one");
              }
              return table(PlacementTopology.of(placement), false);
            })
        .thenCompose(its -> node(its, Optional.empty()));
  }

  /** With the placement that is agreed on. */
  CompletableFuture<QuorumNode> following(PlacementRegister register) {
    long deadlineNanos = environment.clock().monotonicNanos() + PATIENCE_NANOS;
    return kept()
        .thenCompose(
            kept ->
                kept.isPresent()
                    ? table(new PlacementTopology(kept.get()), false)
                    : agreed(register, deadlineNanos)
                        .thenCompose(state -> table(new PlacementTopology(state), true)))
        .thenCompose(its -> node(its, Optional.of(register)));
  }

  private record Table(Identity identity, CellTable cells) {}

  private CompletableFuture<Table> table(PlacementTopology topology, boolean isNew) {
    return LocalStore.open(environment, loop, options.local())
        .thenCompose(
            store ->
                Identity.begin(environment, loop, directory, options.maxDrift().toMillis())
                    .thenCompose(
                        identity ->
                            CellTable.over(store, identity.clock(), topology)
                                .thenApply(table -> new Table(identity, table))))
        .thenCompose(
            its ->
                isNew
                    ? begin(its.cells, topology).thenApply(v -> its)
                    : CompletableFuture.completedFuture(its));
  }

  /**
   * The first time that this disk goes by an agreed placement: what it held before counts for
   * nothing.
   */
  private CompletableFuture<Void> begin(CellTable cells, PlacementTopology topology) {
    return cells
        .prepare(topology, loop)
        .thenRun(cells::adopt)
        .thenCompose(
            v ->
                onDisk(
                    () -> {
                      file.write(topology.state());
                      return null;
                    }));
  }

  private CompletableFuture<QuorumNode> node(Table its, Optional<PlacementRegister> register) {
    LocalOptions local = options.local();
    LocalOptions hints =
        LocalOptions.in(local.directory() + "-hints")
            .withSegmentBytes(Math.min(local.segmentBytes(), 4 << 20))
            .withCacheBytes(1 << 20)
            .withDurability(LocalOptions.Durability.WRITTEN);
    return LocalStore.open(environment, loop, hints)
        .thenApply(
            store ->
                new QuorumNode(
                    environment,
                    loop,
                    options,
                    its.identity,
                    its.cells,
                    new HintLog(store, options.limits().maxHints()),
                    register));
  }

  private CompletableFuture<Optional<PlacementState>> kept() {
    return onDisk(file::read);
  }

  /** Waits until there is a placement, a minute at most. */
  private CompletableFuture<PlacementState> agreed(
      PlacementRegister register, long deadlineNanos) {
    CompletableFuture<PlacementState> agreed = new CompletableFuture<>();
    register
        .read()
        .whenComplete(
            (state, failure) -> {
              if (failure == null && state.isPresent()) {
                onLoop(() -> agreed.complete(state.get()));
              } else if (environment.clock().monotonicNanos() - deadlineNanos > 0) {
                String reason =
                    failure == null ? "no cluster has been formed" : "it cannot be read";
                onLoop(
                    () ->
                        agreed.completeExceptionally(
                            new RefusedException(
                                "no placement was agreed on within a minute: " + reason, failure)));
              } else {
                onLoop(
                    () ->
                        loop.schedule(
                            RETRY_NANOS,
                            () ->
                                agreed(register, deadlineNanos)
                                    .whenComplete(
                                        (its, e) -> {
                                          if (e == null) {
                                            agreed.complete(its);
                                          } else {
                                            agreed.completeExceptionally(e);
                                          }
                                        })));
              }
            });
    return agreed;
  }

  private interface Work<T> {
    T run();
  }

  /** Does what blocks, and goes on on the loop. */
  private <T> CompletableFuture<T> onDisk(Work<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    disk.execute(
        () -> {
          try {
            T value = work.run();
            onLoop(() -> result.complete(value));
          } catch (StorageException e) {
            onLoop(() -> result.completeExceptionally(e));
          }
        });
    return result;
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment has closed: nobody waits for the store any more.
      return;
    }
  }
}
