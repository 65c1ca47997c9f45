package io.quorate.consensus.topic;

import io.quorate.consensus.raft.Raft;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.MessageBus;
import io.quorate.core.pubsub.MessageBusConformance;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Buses on the replicas of three nodes do what every bus must do. */
class ReplicatedTopicsConformanceTest extends MessageBusConformance {
  @Override
  protected List<MessageBus> start(Simulation sim) {
    List<NodeId> ids = IntStream.range(0, 3).mapToObj(i -> NodeId.of("n" + i)).toList();
    List<MessageBus> buses = new ArrayList<>();
    for (NodeId id : ids) {
      SimNode<MessageBus> node =
          sim.node(
              id,
              environment -> {
                ids.stream()
                    .filter(peer -> !peer.equals(id))
                    .forEach(
                        peer -> environment.transport().setPeer(peer, SimNode.addressOf(peer)));
                return ReplicatedTopics.open(Raft.open(environment), "topics", ids);
              });
      buses.add(node.service());
    }
    return buses;
  }
}
