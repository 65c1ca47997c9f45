package io.quorate.examples.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.sim.SimulationOptions;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.PlacementChange;
import io.quorate.replication.quorum.PlacementRegister;
import io.quorate.replication.quorum.PlacementState;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.resilience.Outcome;
import io.quorate.resilience.Tried;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.Policy;
import io.quorate.resilience.balance.Replica;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What more nodes bring, in a cost model on virtual time: each message that arrives at a node, and
 * each operation that it is given, costs it the same share of its processor, and the busiest node
 * decides what the cluster can do. Prints the table of {@code replication/README.md}; {@code
 * -Dfigures.keys=2000} gives its size.
 */
@Timeout(3_600)
class ScalingFiguresTest {
  private static final int FEWEST = 3;
  private static final int MOST = 9;
  private static final int REPLICAS = 3;
  private static final double COST_MICROS = 10;
  private static final int CALL_MILLIS = 10;

  private final int keys = Integer.getInteger("figures.keys", 150);
  private final Simulation sim =
      Simulation.of(SimulationOptions.seeded(5).withMaxEvents(1_000_000_000));
  private final PlacementRegister register = PlacementRegister.inProcess();
  private final List<NodeId> ids =
      IntStream.rangeClosed(1, MOST).mapToObj(i -> NodeId.of("n" + i)).toList();
  private final List<SimNode<CompletableFuture<QuorumStore<String, byte[]>>>> nodes =
      new ArrayList<>();
  private final Map<String, Long> arrivals = new TreeMap<>();

  @Test
  void throughput_grows_with_the_nodes_and_hardly_more_than_the_ideal_share_of_data_moves() {
    register.form(
        Placement.of(
            ConsistentHashRing.of(
                Member.all(ids.subList(0, FEWEST), NodeId::value),
                RingOptions.defaults().withReplicas(REPLICAS))));
    ids.forEach(id -> nodes.add(sim.node(id, this::open)));
    sim.run(Duration.ofSeconds(3));
    sim.trace(
        line -> {
          String[] parts = line.split(" ");
          if (parts.length > 3 && parts[2].equals("NETWORK")) {
            arrivals.merge(parts[3], 1L, Long::sum);
          }
        });
    System.out.println(
        "| nodes | quorum store, ops/s | beside 3 | serving, calls/s | beside 3 "
            + "| copies moved | ideal |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- |");

    double firstStore = 0;
    double firstServing = 0;
    for (int count = FEWEST; count <= MOST; count++) {
      double moved = count == FEWEST ? 0 : grow(count);
      double ideal = count == FEWEST ? 0 : 1.0 / count;
      double store = storeThroughput(count);
      double serving = servingThroughput(count);
      firstStore = count == FEWEST ? store : firstStore;
      firstServing = count == FEWEST ? serving : firstServing;
      System.out.printf(
          Locale.ROOT,
          "| %d | %,.0f | %.2f | %,.0f | %.2f | %.1f %% | %.1f %% |%n",
          count, store, store / firstStore, serving, serving / firstServing,
          moved * 100, ideal * 100);

      assertThat(moved).isBetween(ideal * 0.6, ideal * 1.4);
      assertThat(store / firstStore).isGreaterThan(0.65 * count / FEWEST);
      assertThat(serving / firstServing).isGreaterThan(0.9 * count / FEWEST);
    }
    sim.close();
  }

  private CompletableFuture<QuorumStore<String, byte[]>> open(Environment environment) {
    for (NodeId peer : ids) {
      if (!peer.equals(environment.self())) {
        environment.transport().setPeer(peer, SimNode.addressOf(peer));
      }
    }
    return QuorumStore.open(
        environment, register, Codec.STRING, Codec.BYTES, QuorumOptions.in("quorum"));
  }

  /** Adds node number {@code count}; returns the share of all copies that are in another place. */
  private double grow(int count) {
    Placement before = sim.await(store(0).placement(), Duration.ofSeconds(5)).current();
    PlacementState after =
        sim.await(
            store(0).change(PlacementChange.add(ids.get(count - 1))), Duration.ofSeconds(120));
    long moved = 0;
    for (int key = 0; key < keys; key++) {
      byte[] bytes = key(key).getBytes(StandardCharsets.UTF_8);
      Set<NodeId> now = new HashSet<>(after.current().replicasOf(bytes));
      now.removeAll(before.replicasOf(bytes));
      moved += now.size();
    }
    for (int key = 0; key < keys; key += 17) {
      assertThat(sim.await(store(count - 1).get(key(key)), Duration.ofSeconds(5)).value())
          .isPresent();
    }
    return (double) moved / keys / REPLICAS;
  }

  /** Operations a second at which the busiest node has nothing left. */
  private double storeThroughput(int count) {
    arrivals.clear();
    // One after the other, so that no two messages share a frame: each is counted.
    for (int key = 0; key < keys; key++) {
      int writer = key % count;
      int reader = (key + 1) % count;
      sim.await(store(writer).put(key(key), new byte[100]), Duration.ofSeconds(5));
      sim.await(store(reader).get(key(key)), Duration.ofSeconds(5));
      arrivals.merge(ids.get(writer).value(), 1L, Long::sum);
      arrivals.merge(ids.get(reader).value(), 1L, Long::sum);
    }
    long busiest = arrivals.values().stream().max(Comparator.naturalOrder()).orElseThrow();
    return 2L * keys / (busiest * COST_MICROS / 1e6);
  }

  /** Calls a second by twice as many users as replicas, each of which does one call at a time. */
  private double servingThroughput(int count) {
    record End(long nanos, long token, NodeId replica) {}

    long[] now = {0};
    LoadBalancer<NodeId> balancer =
        LoadBalancer.<NodeId>builder()
            .policy(Policy.leastInFlight())
            .clock(() -> now[0])
            .seed(1)
            .build(ids.subList(0, count).stream().map(Replica::of).toList());
    SplittableRandom random = new SplittableRandom(9);
    Map<NodeId, Long> freeAt = new TreeMap<>();
    PriorityQueue<End> ends = new PriorityQueue<>(Comparator.comparingLong(End::nanos));
    int wanted = 2_000 * count;
    int begun = 0;
    int ended = 0;
    while (ended < wanted) {
      while (begun - ended < 2 * count && begun < wanted) {
        long token = balancer.pick(0, Tried.none(), now[0]);
        NodeId replica = balancer.target(token);
        long cost = (long) (-Math.log(1 - random.nextDouble()) * CALL_MILLIS * 1e6);
        long end = Math.max(now[0], freeAt.getOrDefault(replica, 0L)) + cost;
        freeAt.put(replica, end);
        ends.add(new End(end, token, replica));
        begun++;
      }
      End next = ends.poll();
      now[0] = next.nanos();
      balancer.done(next.token(), Outcome.SUCCESS, now[0]);
      ended++;
    }
    balancer.close();
    return ended / (now[0] / 1e9);
  }

  private QuorumStore<String, byte[]> store(int node) {
    return nodes.get(node).service().join();
  }

  private static String key(int key) {
    return "key-" + key;
  }
}
