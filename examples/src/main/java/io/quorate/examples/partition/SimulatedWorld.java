package io.quorate.examples.partition;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Everything in one thread, on virtual time, from one seed. */
final class SimulatedWorld implements World {
  private static final Duration STEP = Duration.ofMillis(10);

  private final Simulation simulation;

  SimulatedWorld(long seed) {
    this.simulation = Simulation.seeded(seed);
  }

  @Override
  public <T> List<T> start(List<NodeId> ids, Function<Environment, T> boot) {
    List<T> started = new ArrayList<>();
    for (NodeId id : ids) {
      SimNode<T> node =
          simulation.node(
              id,
              environment -> {
                for (NodeId peer : ids) {
                  if (!peer.equals(id)) {
                    environment.transport().setPeer(peer, SimNode.addressOf(peer));
                  }
                }
                return boot.apply(environment);
              });
      started.add(node.service());
    }
    return started;
  }

  @Override
  public void cut(NodeId one, List<NodeId> others) {
    simulation.network().partition(List.of(one), others);
  }

  @Override
  public void heal(NodeId one, List<NodeId> others) {
    simulation.network().heal();
  }

  @Override
  public <T> T await(CompletableFuture<T> future) {
    return simulation.await(future, Duration.ofMinutes(1));
  }

  @Override
  public boolean until(BooleanSupplier condition, Duration limit) {
    long endNanos = simulation.nowNanos() + limit.toNanos();
    while (!condition.getAsBoolean() && simulation.nowNanos() < endNanos) {
      simulation.run(STEP);
    }
    return condition.getAsBoolean();
  }

  @Override
  public long nowNanos() {
    return simulation.nowNanos();
  }

  @Override
  public void close() {
    simulation.close();
  }
}
