package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Buses on other nodes than their broker. */
class RemoteBusTest extends MessageBusConformance {
  private static final NodeId HOST = NodeId.of("host");

  @Override
  protected List<MessageBus> start(Simulation sim) {
    sim.node(
        HOST, env -> BrokerHost.open(env, Broker.inProcess(env, "main"), "main"));
    List<MessageBus> buses = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Environment environment =
          sim.<Environment>node(NodeId.of("n" + i), started -> started).environment();
      environment.transport().setPeer(HOST, SimNode.addressOf(HOST));
      Broker broker = Broker.remote(environment, HOST, "main", Duration.ofSeconds(10));
      buses.add(MessageBus.on(environment, broker, BusOptions.defaults()));
    }
    return buses;
  }
}
