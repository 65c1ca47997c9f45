package io.quorate.replication.eventual;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.sim.SimulationOptions;
import io.quorate.replication.local.LocalOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Some nodes, three unless told otherwise, with a store each, in the simulator. */
final class EventualCluster<S> implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(30);
  static final EventualOptions OPTIONS =
      EventualOptions.in("eventual")
          .withLocal(
              LocalOptions.in("eventual")
                  .withSegmentBytes(32 << 10)
                  .withCacheBytes(4 << 10)
                  .withSnapshotEveryBytes(64 << 10));

  final Simulation simulation;
  final List<NodeId> ids;
  final List<SimNode<CompletableFuture<S>>> nodes = new ArrayList<>();

  interface Opener<S> {
    CompletableFuture<S> open(Environment environment, List<NodeId> members);
  }

  EventualCluster(long seed, Opener<S> opener) {
    this(seed, 3, 3, opener);
  }

  /** Nodes of which those behind the first {@code founders} are no members of the first. */
  EventualCluster(long seed, int founders, int size, Opener<S> opener) {
    ids = IntStream.rangeClosed(1, size).mapToObj(i -> NodeId.of("n" + i)).toList();
    simulation = Simulation.of(SimulationOptions.seeded(seed).withMaxEvents(20_000_000));
    for (NodeId id : ids) {
      nodes.add(
          simulation.node(
              id,
              environment -> {
                ids.stream()
                    .filter(peer -> !peer.equals(id))
                    .forEach(
                        peer -> environment.transport().setPeer(peer, SimNode.addressOf(peer)));
                boolean founder = ids.indexOf(id) < founders;
                return opener.open(environment, founder ? ids.subList(0, founders) : ids);
              }));
    }
  }

  /** Stores of texts that keep the latest write. */
  static EventualCluster<EventualStore<String, String>> ofTexts(
      long seed, int founders, int size) {
    return new EventualCluster<>(
        seed,
        founders,
        size,
        (environment, members) ->
            EventualStore.open(environment, members, Codec.STRING, Codec.STRING, OPTIONS));
  }

  S store(int node) {
    return simulation.await(nodes.get(node).service(), PATIENCE);
  }

  boolean isOpen(int node) {
    return nodes.get(node).isRunning()
        && nodes.get(node).service().isDone()
        && !nodes.get(node).service().isCompletedExceptionally();
  }

  <T> T await(CompletableFuture<T> future) {
    return simulation.await(future, PATIENCE);
  }

  /** Ends all faults: the network is whole, disks and clocks are well, every node runs. */
  void healAll() {
    simulation.network().heal();
    for (SimNode<CompletableFuture<S>> node : nodes) {
      if (node.isRunning() && node.service().isCompletedExceptionally()) {
        node.kill();
      }
      node.disk().heal();
      node.clock().correctWall();
      node.restart();
    }
  }

  @Override
  public void close() {
    simulation.close();
  }
}
