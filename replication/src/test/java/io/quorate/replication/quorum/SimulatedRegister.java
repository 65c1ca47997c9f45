package io.quorate.replication.quorum;

import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * A register as nodes of a simulation see it: answers late, tells each listener at another time or
 * not at all, may be out of reach of all or of some, and may do what it says it has not heard of.
 */
final class SimulatedRegister {
  private final Simulation simulation;
  private final RandomGenerator random;
  private final PlacementRegister register = PlacementRegister.inProcess();
  private final Set<NodeId> deaf = new TreeSet<>();
  private boolean failing;
  private boolean outOfReach;

  SimulatedRegister(Simulation simulation) {
    this.simulation = simulation;
    this.random = simulation.random("register");
  }

  /** Half of all calls fail, whether they have had their effect or not. */
  void failing(boolean failing) {
    this.failing = failing;
  }

  /** No read succeeds, and nobody is told of anything. */
  void outOfReach(boolean outOfReach) {
    this.outOfReach = outOfReach;
  }

  /** It is out of this node's reach. */
  void deafen(NodeId node) {
    deaf.add(node);
  }

  /** It is in reach of every node. */
  void heal() {
    failing = false;
    outOfReach = false;
    deaf.clear();
  }

  void form(Placement first) {
    register.form(first).join();
  }

  PlacementState newest() {
    return register.read().join().orElseThrow();
  }

  PlacementRegister seenBy(NodeId node) {
    return new View(node);
  }

  private void later(Runnable then) {
    simulation.at(Duration.ofNanos(1 + random.nextLong(15_000_000)), then);
  }

  private final class View implements PlacementRegister {
    private final NodeId node;

    View(NodeId node) {
      this.node = node;
    }

    private boolean isOut() {
      return outOfReach || deaf.contains(node);
    }

    @Override
    public CompletableFuture<Optional<PlacementState>> read() {
      CompletableFuture<Optional<PlacementState>> result = new CompletableFuture<>();
      later(
          () -> {
            Optional<PlacementState> state = register.read().join();
            later(
                () -> {
                  if (isOut() || failing && random.nextBoolean()) {
                    result.completeExceptionally(new RefusedException("no majority"));
                  } else {
                    result.complete(state);
                  }
                });
          });
      return result;
    }

    @Override
    public CompletableFuture<Boolean> compareAndSet(PlacementState next) {
      CompletableFuture<Boolean> result = new CompletableFuture<>();
      later(
          () -> {
            boolean lost = isOut() || failing && random.nextInt(4) == 0;
            boolean put = !lost && register.compareAndSet(next).join();
            later(
                () -> {
                  if (lost || failing && random.nextInt(4) == 0) {
                    result.completeExceptionally(new IndeterminateException("no answer"));
                  } else {
                    result.complete(put);
                  }
                });
          });
      return result;
    }

    @Override
    public Watch watch(Consumer<PlacementState> listener) {
      return register.watch(
          state -> {
            if (!isOut() && (!failing || random.nextBoolean())) {
              later(() -> listener.accept(state));
            }
          });
    }
  }
}
