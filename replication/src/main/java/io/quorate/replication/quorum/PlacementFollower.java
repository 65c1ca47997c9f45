package io.quorate.replication.quorum;

import io.quorate.core.EventLoop;
import io.quorate.core.storage.StorageException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a node go by the newest placement: learns of it, gets ready, keeps on disk that it goes by
 * it, and only then does. It never falls behind what it has once gone by.
 * Belongs to the loop.
 */
final class PlacementFollower implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PlacementFollower.class);
  private static final long LOOK_NANOS = 5_000_000_000L;
  private static final long RETRY_NANOS = 500_000_000L;
  /** After one look at the register the next waits so long, however many ask for it. */
  private static final long REST_NANOS = 20_000_000L;

  private final EventLoop loop;
  private final PlacementRegister register;
  private final PlacementFile file;
  private final Executor disk;
  private final Steps steps;
  private final PlacementRegister.Watch watch;
  private PlacementState newest;
  private boolean going;
  private boolean looking;
  private boolean closed;

  /** What there is to do for the node to go by another state. */
  interface Steps {
    /** The epoch it goes by. */
    long epoch();

    /** Gets ready; nothing is seen of it. */
    CompletableFuture<Void> prepare(PlacementState next);

    /** Goes by it from now on. */
    void adopt(PlacementState next);
  }

  PlacementFollower(
      EventLoop loop, PlacementRegister register, PlacementFile file, Executor disk, Steps steps) {
    this.loop = loop;
    this.register = register;
    this.file = file;
    this.disk = disk;
    this.steps = steps;
    this.watch = register.watch(state -> onLoop(() -> offer(state)));
    look();
    plan();
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment has closed, and the node with it: there is nobody left to go by it.
      log.debug("a placement came after the end", e);
    }
  }

  private void plan() {
    loop.schedule(
        LOOK_NANOS,
        () -> {
          if (!closed) {
            look();
            plan();
          }
        });
  }

  /** Looks at the register, unless that is being done. */
  void look() {
    if (looking || closed) {
      return;
    }
    looking = true;
    register
        .read()
        .whenComplete(
            (state, failure) ->
                onLoop(
                    () -> {
                      loop.schedule(REST_NANOS, () -> looking = false);
                      if (failure != null) {
                        log.debug("the placement cannot be read", failure);
                      } else {
                        state.ifPresent(this::offer);
                      }
                    }));
  }

  /** There is this state. */
  void offer(PlacementState state) {
    if (state.epoch() > steps.epoch() && (newest == null || state.epoch() > newest.epoch())) {
      newest = state;
      go();
    }
  }

  private void go() {
    if (going || closed || newest == null || newest.epoch() <= steps.epoch()) {
      return;
    }
    going = true;
    PlacementState next = newest;
    steps
        .prepare(next)
        .thenCompose(v -> write(next))
        .whenComplete(
            (v, failure) -> {
              going = false;
              if (closed) {
                return;
              }
              if (failure == null) {
                steps.adopt(next);
                go();
              } else {
                log.warn("cannot go by the placement of epoch={}", next.epoch(), failure);
                loop.schedule(RETRY_NANOS, this::go);
              }
            });
  }

  private CompletableFuture<Void> write(PlacementState state) {
    CompletableFuture<Void> written = new CompletableFuture<>();
    disk.execute(
        () -> {
          Optional<StorageException> failure = Optional.empty();
          try {
            file.write(state);
          } catch (StorageException e) {
            failure = Optional.of(e);
          }
          Optional<StorageException> its = failure;
          onLoop(
              () -> {
                if (its.isEmpty()) {
                  written.complete(null);
                } else {
                  written.completeExceptionally(its.get());
                }
              });
        });
    return written;
  }

  @Override
  public void close() {
    closed = true;
    watch.close();
  }
}
