package io.quorate.core.sim;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.transport.TransportConformance;
import io.quorate.core.transport.TransportOptions;
import java.util.concurrent.CompletableFuture;

/** As long as nothing breaks, the simulated network is a transport like any other. */
class SimTransportTest extends TransportConformance {
  private final Simulation sim = Simulation.seeded(1);

  @Override
  protected Environment start(NodeId id, String cluster, TransportOptions options) {
    sim.tolerate(problem -> true);
    sim.network().options(sim.network().options().withLimits(options.limits()));
    for (SimNode<?> node : sim.nodes()) {
      if (node.id().equals(id)) {
        node.restart();
        return node.environment();
      }
    }
    Environment environment = sim.environment(id);
    environment.transport();
    sim.node(id).cluster(cluster);
    return environment;
  }

  @Override
  protected <T> T await(CompletableFuture<T> future) {
    return sim.await(future, LONG);
  }
}
