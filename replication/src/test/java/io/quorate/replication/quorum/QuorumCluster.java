package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.sim.SimulationOptions;
import io.quorate.core.storage.CorruptionException;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import io.quorate.replication.local.LocalOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Some nodes with a quorum store each, in the simulator. */
final class QuorumCluster implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(30);

  final Simulation simulation;
  /** What a cluster whose placement changes agrees on it by. */
  final SimulatedRegister register;
  final List<NodeId> ids = new ArrayList<>();
  final List<SimNode<CompletableFuture<QuorumStore<String, String>>>> nodes = new ArrayList<>();

  QuorumCluster(long seed, int size) {
    this(seed, size, options());
  }

  QuorumCluster(long seed, int size, QuorumOptions options) {
    this(seed, size, Placement.everywhere(1, ids(size)), options);
  }

  QuorumCluster(long seed, int size, Placement placement, QuorumOptions options) {
    simulation = Simulation.of(SimulationOptions.seeded(seed).withMaxEvents(20_000_000));
    register = new SimulatedRegister(simulation);
    ids.addAll(ids(size));
    for (NodeId id : ids) {
      nodes.add(
          simulation.node(
              id,
              environment ->
                  QuorumStore.open(
                      connected(environment), placement, Codec.STRING, Codec.STRING, options)));
    }
  }

  private QuorumCluster(
      Simulation simulation, int size, Placement first, QuorumOptions options) {
    this.simulation = simulation;
    this.register = new SimulatedRegister(simulation);
    ids.addAll(ids(size));
    register.form(first);
    for (NodeId id : ids) {
      nodes.add(
          simulation.node(
              id,
              environment ->
                  QuorumStore.open(
                      connected(environment),
                      register.seenBy(id),
                      Codec.STRING,
                      Codec.STRING,
                      options)));
    }
  }

  /** A cluster of so many nodes whose placement begins with {@code first} and may change. */
  static QuorumCluster changing(long seed, int size, Placement first, QuorumOptions options) {
    return new QuorumCluster(
        Simulation.of(SimulationOptions.seeded(seed).withMaxEvents(20_000_000)),
        size,
        first,
        options);
  }

  /** As above, and every key on each of the first nodes. */
  static QuorumCluster changing(long seed, int size, int first) {
    return changing(seed, size, Placement.everywhere(1, ids(first)), options());
  }

  static QuorumOptions options() {
    QuorumOptions defaults = QuorumOptions.in("quorum");
    return defaults
        .withLocal(
            LocalOptions.in("quorum/cells")
                .withSegmentBytes(32 << 10)
                .withCacheBytes(4 << 10)
                .withSnapshotEveryBytes(64 << 10))
        .withRepairInterval(Duration.ofMillis(500))
        .withMoves(
            MoveOptions.defaults()
                .withPollInterval(Duration.ofMillis(100))
                .withDropDelay(Duration.ofMillis(500)));
  }

  static List<NodeId> ids(int size) {
    List<NodeId> ids = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      ids.add(NodeId.of("n" + i));
    }
    return ids;
  }

  private Environment connected(Environment environment) {
    for (NodeId peer : ids) {
      if (!peer.equals(environment.self())) {
        environment.transport().setPeer(peer, SimNode.addressOf(peer));
      }
    }
    return environment;
  }

  /** A store that could not be opened ends its process; damage that was not made here is a bug. */
  void endFailed() {
    for (SimNode<CompletableFuture<QuorumStore<String, String>>> node : nodes) {
      if (node.isRunning() && node.service().isCompletedExceptionally()) {
        try {
          node.service().join();
        } catch (CompletionException e) {
          if (e.getCause() instanceof CorruptionException) {
            throw new AssertionError("node " + node.id() + " found damage", e);
          }
        }
        node.kill();
      }
    }
  }

  /** Waits until every running node that holds keys answers quorums. */
  QuorumCluster ready() {
    List<ReplicaStatus> statuses = new ArrayList<>();
    for (int round = 0; round < 600; round++) {
      statuses.clear();
      for (int i = 0; i < nodes.size(); i++) {
        NodeId id = ids.get(i);
        if (isOpen(i)) {
          QuorumStore<String, String> store = nodes.get(i).service().join();
          store
              .placement()
              .thenCombine(
                  store.status(),
                  (placement, status) ->
                      placement.current().nodes().contains(id) ? status : outside(status))
              .thenAccept(statuses::add);
        }
      }
      simulation.run(Duration.ofMillis(100));
      if (statuses.size() == nodes.stream().filter(SimNode::isRunning).count()
          && statuses.stream().allMatch(ReplicaStatus::caughtUp)) {
        return this;
      }
    }
    throw new AssertionError(
        "not ready: " + statuses + " " + nodes.stream().map(this::describe).toList());
  }

  /** A node that holds no keys has none to catch up with. */
  private static ReplicaStatus outside(ReplicaStatus its) {
    return new ReplicaStatus(
        its.placementEpoch(), true, its.writable(), its.keys(), its.hints(),
        its.droppedHints(), its.refusedByDrift());
  }

  PlacementState change(int node, PlacementChange change) {
    return simulation.await(store(node).change(change), Duration.ofMinutes(5));
  }

  ReplicaStatus status(int node) {
    return simulation.await(store(node).status(), PATIENCE);
  }

  private Object describe(SimNode<CompletableFuture<QuorumStore<String, String>>> node) {
    return node.isRunning() ? node.service() : node.id() + " is down";
  }

  boolean isOpen(int node) {
    SimNode<CompletableFuture<QuorumStore<String, String>>> its = nodes.get(node);
    return its.isRunning() && its.service().isDone() && !its.service().isCompletedExceptionally();
  }

  QuorumStore<String, String> store(int node) {
    return simulation.await(nodes.get(node).service(), PATIENCE);
  }

  Tag put(int node, String key, String value, Consistency level) {
    return simulation.await(store(node).put(key, value, WriteOptions.at(level)), PATIENCE);
  }

  Optional<Tag> delete(int node, String key, Consistency level) {
    return simulation.await(store(node).delete(key, WriteOptions.at(level)), PATIENCE);
  }

  Versioned<String> get(int node, String key, Consistency level) {
    return simulation.await(store(node).get(key, ReadOptions.at(level)), PATIENCE);
  }

  void run(long millis) {
    simulation.run(Duration.ofMillis(millis));
  }

  void isolate(int node) {
    simulation.network().isolate(ids.get(node));
  }

  void heal() {
    simulation.network().heal();
  }

  @Override
  public void close() {
    simulation.close();
  }
}
