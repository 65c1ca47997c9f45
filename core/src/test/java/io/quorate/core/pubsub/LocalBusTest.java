package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.Simulation;
import java.util.ArrayList;
import java.util.List;

/** Buses on a broker in their own process. */
class LocalBusTest extends MessageBusConformance {
  @Override
  protected List<MessageBus> start(Simulation sim) {
    Environment environment =
        sim.<Environment>node(NodeId.of("a"), started -> started).environment();
    Broker broker = Broker.inProcess(environment, "main");
    List<MessageBus> buses = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      BusOptions options = BusOptions.defaults().withName("bus" + i);
      buses.add(MessageBus.on(environment, broker, options));
    }
    return buses;
  }
}
