package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes that this node was asked for: checks them, begins them in the register, and tells what
 * has become of them. Belongs to the loop.
 */
final class Changes {
  private static final Logger log = LoggerFactory.getLogger(Changes.class);

  private static final int ATTEMPTS = 10;
  private static final long RETRY_NANOS = 200_000_000L;

  private final Environment environment;
  private final EventLoop loop;
  private final PlacementRegister register;
  private final Mover mover;
  private final QuorumOptions options;
  private final Supplier<PlacementState> state;
  private final Consumer<PlacementState> found;
  private final Map<Call, Consumer<MoveProgress>> calls = new LinkedHashMap<>();

  /** A change that has begun. */
  private static final class Call {
    final PlacementState moving;
    final Consumer<MoveProgress> listener;
    final CompletableFuture<PlacementState> result = new CompletableFuture<>();
    long keys = -1;
    List<NodeId> waitingFor = List.of();
    long movedAtNanos;

    Call(PlacementState moving, Consumer<MoveProgress> listener, long nowNanos) {
      this.moving = moving;
      this.listener = listener;
      this.movedAtNanos = nowNanos;
    }
  }

  Changes(
      Environment environment,
      EventLoop loop,
      PlacementRegister register,
      Mover mover,
      QuorumOptions options,
      Supplier<PlacementState> state,
      Consumer<PlacementState> found) {
    this.environment = environment;
    this.loop = loop;
    this.register = register;
    this.mover = mover;
    this.options = options;
    this.state = state;
    this.found = found;
  }

  /** Begins a change; completes when it is settled. */
  CompletableFuture<PlacementState> change(
      OptionalLong epoch, PlacementChange change, Consumer<MoveProgress> listener) {
    return read()
        .thenCompose(
            newest -> {
              PlacementState moving = newest.moveTo(checked(newest, epoch, change));
              return newcomersReady(newest, moving)
                  .thenCompose(v -> put(moving))
                  .thenComposeAsync(v -> follow(moving, listener), loop);
            });
  }

  /** Ends the change that is in progress, so that all stays where it was. */
  CompletableFuture<PlacementState> cancel() {
    return read()
        .thenCompose(
            newest -> {
              if (!newest.isMoving()) {
                throw new RefusedException("no change is in progress at epoch " + newest.epoch());
              }
              PlacementState cancelled = newest.cancelled();
              return put(cancelled).thenApply(v -> cancelled);
            });
  }

  private CompletableFuture<PlacementState> read() {
    return register
        .read()
        .thenApplyAsync(
            newest -> {
              PlacementState its =
                  newest.orElseThrow(() -> new RefusedException("no cluster has been formed"));
              found.accept(its);
              return its;
            },
            loop);
  }

  private Placement checked(PlacementState newest, OptionalLong epoch, PlacementChange change) {
    if (epoch.isPresent() && epoch.getAsLong() != newest.epoch()) {
      throw new RefusedException(
          "epoch must be that of the placement, " + newest.epoch() + ", was "
              + epoch.getAsLong());
    }
    if (newest.isMoving()) {
      throw new RefusedException(
          "a change is in progress at epoch " + newest.epoch() + ", from "
              + newest.current().nodes() + " to " + newest.next().orElseThrow().nodes());
    }
    Placement next = change.applyTo(newest.current());
    for (List<NodeId> set : next.sets()) {
      options.requireIntersection(set.size());
    }
    return next;
  }

  /** Nodes that are to hold keys for the first time must answer, and have room. */
  private CompletableFuture<Void> newcomersReady(PlacementState newest, PlacementState moving) {
    List<NodeId> newcomers = new ArrayList<>(moving.nodes());
    newcomers.removeAll(newest.nodes());
    List<CompletableFuture<Void>> ready = new ArrayList<>();
    for (NodeId node : newcomers) {
      CompletableFuture<Void> its = new CompletableFuture<>();
      askNewcomer(node, ATTEMPTS, its);
      ready.add(its);
    }
    return CompletableFuture.allOf(ready.toArray(CompletableFuture[]::new));
  }

  /** More than once: the first question may find no connection yet. */
  private void askNewcomer(NodeId node, int attempts, CompletableFuture<Void> ready) {
    mover
        .ask(node)
        .whenCompleteAsync(
            (report, failure) -> {
              if (failure == null && report.writable()) {
                ready.complete(null);
              } else if (failure == null) {
                ready.completeExceptionally(
                    new RefusedException(
                        "node must have room to be added, the disk of " + node
                            + " is full or has failed"));
              } else if (attempts > 1) {
                loop.schedule(RETRY_NANOS, () -> askNewcomer(node, attempts - 1, ready));
              } else {
                ready.completeExceptionally(
                    new RefusedException(
                        "node must answer to be added, " + node + " does not", failure));
              }
            },
            loop);
  }

  private CompletableFuture<Void> put(PlacementState next) {
    return register
        .compareAndSet(next)
        .thenAcceptAsync(
            put -> {
              if (!put) {
                throw new RefusedException(
                    "another change came first, epoch " + next.epoch() + " is taken");
              }
              log.info(
                  "the placement changes epoch={} from={} to={}",
                  next.epoch(),
                  next.current().nodes(),
                  next.next().map(Placement::nodes).orElse(List.of()));
              found.accept(next);
            },
            loop);
  }

  private CompletableFuture<PlacementState> follow(
      PlacementState moving, Consumer<MoveProgress> listener) {
    Call call = new Call(moving, listener, environment.clock().monotonicNanos());
    Consumer<MoveProgress> told = progress -> told(call, progress);
    calls.put(call, told);
    mover.listen(told);
    stateChanged();
    return call.result;
  }

  private void told(Call call, MoveProgress progress) {
    if (progress.state().epoch() != call.moving.epoch()) {
      return;
    }
    long nowNanos = environment.clock().monotonicNanos();
    if (progress.keys() > call.keys || !progress.waitingFor().equals(call.waitingFor)) {
      call.movedAtNanos = nowNanos;
    }
    call.keys = Math.max(call.keys, progress.keys());
    call.waitingFor = progress.waitingFor();
    tell(call, progress);
    if (nowNanos - call.movedAtNanos > options.moves().patience().toNanos()) {
      end(call).completeExceptionally(
          new IndeterminateException(
              "the change goes on, but nothing has moved for " + options.moves().patience()
                  + ": " + progress.nodes()));
    }
  }

  private static void tell(Call call, MoveProgress progress) {
    try {
      call.listener.accept(progress);
    } catch (RuntimeException e) {
      // It is the caller's own; the change goes on without it.
      log.warn("a listener has failed", e);
    }
  }

  private CompletableFuture<PlacementState> end(Call call) {
    mover.forget(calls.remove(call));
    return call.result;
  }

  /** The node goes by another state. */
  void stateChanged() {
    PlacementState now = state.get();
    for (Call call : List.copyOf(calls.keySet())) {
      if (now.epoch() > call.moving.epoch()) {
        finish(call, now);
      }
    }
  }

  private void finish(Call call, PlacementState now) {
    boolean next = now.epoch() == call.moving.epoch() + 1;
    // The state behind that one tells by where it comes from.
    boolean known = next || now.epoch() == call.moving.epoch() + 2 && now.isMoving();
    if (known && now.current().equals(call.moving.next().orElseThrow())) {
      tell(call, new MoveProgress(now, new java.util.TreeMap<>()));
      end(call).complete(call.moving.settled());
    } else if (known) {
      end(call).completeExceptionally(
          new RefusedException("the change was cancelled, all is where it was: " + now));
    } else {
      end(call).completeExceptionally(
          new IndeterminateException(
              "later changes came before it was known how it ended: " + now));
    }
  }

  void close() {
    for (Call call : List.copyOf(calls.keySet())) {
      end(call).completeExceptionally(
          new IndeterminateException("the store was closed; the change goes on without it"));
    }
  }

  /** How far the change in progress is; empty if there is none. */
  Optional<MoveProgress> inProgress() {
    return state.get().isMoving() ? Optional.of(mover.progress()) : Optional.empty();
  }
}
