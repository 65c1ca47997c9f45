package io.quorate.consensus.raft;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Simulated nodes that replicate a counter. */
final class CounterCluster implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(30);

  final Simulation simulation;
  final List<NodeId> ids;
  final List<SimNode<Service>> nodes = new ArrayList<>();

  /** What runs on one node. */
  record Service(Raft raft, RaftNode<Long, Long, Counter> counter) implements AutoCloseable {
    @Override
    public void close() {
      counter.close();
      raft.close();
    }
  }

  CounterCluster(Simulation simulation, int size, RaftOptions options) {
    this.simulation = simulation;
    this.ids = IntStream.range(0, size).mapToObj(i -> NodeId.of("n" + i)).toList();
    ids.forEach(id -> add(id, ids, options));
  }

  void add(NodeId id, List<NodeId> voters, RaftOptions options) {
    nodes.add(simulation.node(id, environment -> start(environment, voters, options)));
  }

  private Service start(Environment environment, List<NodeId> voters, RaftOptions options) {
    for (int i = 0; i < 8; i++) {
      NodeId peer = NodeId.of("n" + i);
      if (!peer.equals(environment.self())) {
        environment.transport().setPeer(peer, SimNode.addressOf(peer));
      }
    }
    Raft raft = Raft.open(environment, options);
    return new Service(
        raft,
        raft.group("counter").members(voters).start(new Counter(), Codec.LONG, Codec.LONG));
  }

  RaftNode<Long, Long, Counter> counter(int i) {
    return nodes.get(i).service().counter();
  }

  Optional<SimNode<Service>> leader() {
    return nodes.stream()
        .filter(SimNode::isRunning)
        .filter(node -> node.service().counter().status().role() == Role.LEADER)
        .max(java.util.Comparator.comparing(node -> node.service().counter().status().term()));
  }

  SimNode<Service> awaitLeader() {
    simulation.runUntil(() -> leader().isPresent(), LIMIT);
    return leader().orElseThrow();
  }

  long add(int node, long amount) {
    return simulation.await(counter(node).submit(amount), LIMIT);
  }

  long read(int node, Read mode) {
    return simulation.await(counter(node).read(Counter::value, mode), LIMIT);
  }

  @Override
  public void close() {
    simulation.close();
  }
}
