package io.quorate.consensus.election;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LeaderElectionTest {
  private static final List<NodeId> IDS =
      List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration TTL = Duration.ofSeconds(2);

  private record Service(
      Environment environment,
      LeaderElection election,
      ConsistentStore<String, String> store) {}

  private final Simulation simulation = Simulation.seeded(5);
  private final List<SimNode<Service>> nodes = new ArrayList<>();

  LeaderElectionTest() {
    IDS.forEach(id -> nodes.add(simulation.node(id, LeaderElectionTest::open)));
  }

  @AfterEach
  void close() {
    simulation.close();
  }

  @Test
  void one_node_leads_and_its_successor_has_a_higher_token() {
    SimNode<Service> first = awaitLeader();
    long token = simulation.await(first.service().election().confirm(), LIMIT);
    first.crash();
    SimNode<Service> second = awaitLeader();

    assertThat(second).isNotSameAs(first);
    assertThat(second.service().election().fencingToken().orElseThrow()).isGreaterThan(token);
  }

  @Test
  void a_leader_that_resigns_is_followed_by_another() {
    SimNode<Service> first = awaitLeader();

    simulation.await(first.service().election().resign(), LIMIT);
    simulation.runUntil(
        () -> nodes.stream().anyMatch(n -> n != first && n.service().election().isLeader()),
        LIMIT);

    assertThat(first.service().election().isLeader()).isFalse();
  }

  @Test
  void a_leader_that_is_cut_off_cannot_confirm_and_soon_knows_it() {
    SimNode<Service> first = awaitLeader();
    simulation.network().isolate(first.id());
    var confirmed = first.service().election().confirm();
    simulation.run(Duration.ofSeconds(10));

    assertThat(confirmed).isCompletedExceptionally();
    assertThat(first.service().election().isLeader()).isFalse();
  }

  @Test
  void a_lock_has_one_holder_and_goes_to_another_when_the_holder_dies() {
    DistributedLock lockOfA = lock(0);
    DistributedLock lockOfB = lock(1);
    DistributedLock.Held held = simulation.await(lockOfA.tryAcquire(), LIMIT).orElseThrow();
    Optional<DistributedLock.Held> refused = simulation.await(lockOfB.tryAcquire(), LIMIT);
    simulation.run(TTL.multipliedBy(3));
    Optional<DistributedLock.Held> stillRefused = simulation.await(lockOfB.tryAcquire(), LIMIT);
    nodes.get(0).crash();
    simulation.run(TTL.multipliedBy(3));
    DistributedLock.Held next = simulation.await(lockOfB.tryAcquire(), LIMIT).orElseThrow();

    assertThat(refused).isEmpty();
    assertThat(stillRefused).isEmpty();
    assertThat(next.fencingToken()).isGreaterThan(held.fencingToken());
    next.close();
    simulation.run(Duration.ofSeconds(1));
    assertThat(simulation.await(lock(2).tryAcquire(), LIMIT)).isPresent();
  }

  private DistributedLock lock(int i) {
    Service service = nodes.get(i).service();
    return new DistributedLock(
        service.store(), service.environment().eventLoop("lock"), "l",
        service.environment().self().value(), TTL);
  }

  private SimNode<Service> awaitLeader() {
    simulation.runUntil(() -> leader().isPresent(), LIMIT);
    return leader().orElseThrow();
  }

  private Optional<SimNode<Service>> leader() {
    return nodes.stream()
        .filter(SimNode::isRunning)
        .filter(node -> node.service().election().isLeader())
        .findFirst();
  }

  private static Service open(Environment environment) {
    IDS.stream()
        .filter(id -> !id.equals(environment.self()))
        .forEach(id -> environment.transport().setPeer(id, SimNode.addressOf(id)));
    Raft raft = Raft.open(environment);
    return new Service(
        environment,
        LeaderElection.join(raft, "election", IDS),
        ConsistentStore.open(raft, "store", IDS, Codec.STRING, Codec.STRING));
  }
}
