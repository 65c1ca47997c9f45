package io.quorate.examples.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.membership.FailureDetector;
import io.quorate.core.membership.Membership;
import io.quorate.core.membership.MembershipOptions;
import io.quorate.core.membership.PhiAccrualDetector;
import io.quorate.core.membership.View;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.transport.Address;
import io.quorate.partitioning.Partitioner;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.PlacementState;
import io.quorate.resilience.balance.LoadBalancer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A balancer, a ring and a placement that follow a cluster, on virtual time. */
class ClusterTest {
  private static final int PORT = 7_946;
  private static final List<NodeId> VOTERS =
      List.of(NodeId.of("n0"), NodeId.of("n1"), NodeId.of("n2"));

  private record Node(
      Membership membership,
      LoadBalancer<NodeId> balancer,
      FollowingPartitioner ring,
      StorePlacementRegister register,
      PlacementProposer proposer) {}

  private final Simulation sim = Simulation.seeded(11);
  private final List<SimNode<Node>> nodes = new ArrayList<>();

  @Test
  void a_balancers_replicas_follow_the_view_by_role() {
    startNodes(5);
    assertThat(replicas(0)).containsExactly("n1", "n3");

    // A new server joins, one dies, one becomes something else.
    nodes.add(sim.node(NodeId.of("n5"), this::start));
    sim.run(Duration.ofSeconds(3));
    assertThat(replicas(0)).containsExactly("n1", "n3", "n5");

    nodes.get(1).crash();
    sim.run(Duration.ofSeconds(8));
    assertThat(replicas(0)).containsExactly("n3", "n5");

    service(3).membership().setMetadata(Map.of(Roles.ROLES, "batch"));
    sim.run(Duration.ofSeconds(3));
    assertThat(replicas(0)).containsExactly("n5");
  }

  @Test
  void a_suspected_replica_is_spared_and_called_again_once_it_has_refuted() {
    startNodes(5);
    nodes.get(3).pause(Duration.ofMillis(2_500));
    Set<LoadBalancer.State> seen = new TreeSet<>();
    for (int i = 0; i < 100; i++) {
      sim.run(Duration.ofMillis(100));
      service(0).balancer().state(NodeId.of("n3")).ifPresent(seen::add);
    }

    assertThat(seen).contains(LoadBalancer.State.UNHEALTHY);
    assertThat(service(0).balancer().state(NodeId.of("n3")).orElseThrow())
        .isNotEqualTo(LoadBalancer.State.UNHEALTHY);
  }

  @Test
  void a_partitioner_follows_the_view_and_all_nodes_have_the_same_ring() {
    startNodes(6);
    Partitioner<NodeId> before = service(0).ring().partitioner().orElseThrow();
    assertThat(before.members()).hasSize(3);
    for (int i = 0; i < 6; i++) {
      assertThat(service(i).ring().partitioner().orElseThrow().fingerprint())
          .isEqualTo(before.fingerprint());
    }

    sim.await(service(4).membership().leave(), Duration.ofSeconds(5));
    sim.run(Duration.ofSeconds(2));

    Partitioner<NodeId> after = service(0).ring().partitioner().orElseThrow();
    assertThat(after.members()).hasSize(2);
    for (int key = 0; key < 1_000; key++) {
      // Only what the leaver had has moved.
      if (!before.ownerOf(key).equals(NodeId.of("n4"))) {
        assertThat(after.ownerOf(key)).isEqualTo(before.ownerOf(key));
      }
    }
  }

  @Test
  void of_two_that_propose_at_once_one_writes_the_epoch() {
    startNodes(6);
    PlacementState first = form();

    List<CompletableFuture<Optional<PlacementState>>> proposals = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      proposals.add(service(i).proposer().propose(service(i).membership().view()));
    }
    sim.run(Duration.ofSeconds(3));

    assertThat(proposals.stream().map(CompletableFuture::join).flatMap(Optional::stream).toList())
        .hasSize(1);
    PlacementState now = read(2);
    assertThat(now.epoch()).isEqualTo(first.epoch() + 1);
    assertThat(now.isMoving()).isTrue();
    // While keys move nothing further is proposed.
    assertThat(propose(1, service(1).membership().view())).isEmpty();
  }

  @Test
  void p24_two_sides_of_a_partition_see_different_views_and_only_the_majority_moves_keys() {
    startNodes(6);
    form();
    List<NodeId> minority = List.of(NodeId.of("n2"), NodeId.of("n5"));
    List<NodeId> majority =
        List.of(NodeId.of("n0"), NodeId.of("n1"), NodeId.of("n3"), NodeId.of("n4"));
    partition(minority, majority);
    sim.run(Duration.ofSeconds(15));
    // Gossip has split: each side believes the other dead, and would go by it.
    assertThat(service(2).membership().view().present()).hasSize(2);
    assertThat(service(0).membership().view().present()).hasSize(4);

    CompletableFuture<Optional<PlacementState>> here =
        service(2).proposer().propose(service(2).membership().view());
    CompletableFuture<Optional<PlacementState>> there =
        service(0).proposer().propose(service(0).membership().view());
    sim.run(Duration.ofSeconds(20));

    assertThatThrownBy(here::join).isNotNull();
    assertThat(there.join()).isPresent();
    sim.network().heal();
    sim.run(Duration.ofSeconds(30));
    assertThat(service(2).membership().view().present()).hasSize(6);
    assertThat(read(2)).isEqualTo(there.join().orElseThrow());
  }

  @Test
  void a_watcher_on_any_node_hears_of_the_newest_state() {
    startNodes(6);
    List<Long> epochs = new ArrayList<>();
    service(2).register().watch(state -> epochs.add(state.epoch()));
    PlacementState first = form();
    PlacementState second = first.moveTo(Placement.everywhere(2, VOTERS));

    assertThat(sim.await(service(0).register().compareAndSet(second), Duration.ofSeconds(5)))
        .isTrue();
    assertThat(sim.await(service(1).register().compareAndSet(second), Duration.ofSeconds(5)))
        .isFalse();
    sim.run(Duration.ofSeconds(2));

    assertThat(epochs).containsSubsequence(1L, 2L);
  }

  @Test
  void a_failure_detector_decides_about_a_replica_by_one_method_reference() {
    FailureDetector detector = PhiAccrualDetector.every(Duration.ofSeconds(1));
    LoadBalancer<String> balancer = LoadBalancer.of(List.of("a", "b"));
    long nowNanos = 0;
    for (int i = 0; i < 20; i++) {
      detector.heartbeat(nowNanos);
      nowNanos += Duration.ofSeconds(1).toNanos();
    }

    balancer.health("a", detector.isAvailable(nowNanos));
    assertThat(balancer.state("a").orElseThrow()).isNotEqualTo(LoadBalancer.State.UNHEALTHY);
    balancer.health("a", detector.isAvailable(nowNanos + Duration.ofSeconds(10).toNanos()));
    assertThat(balancer.state("a").orElseThrow()).isEqualTo(LoadBalancer.State.UNHEALTHY);
    balancer.close();
  }

  private void startNodes(int count) {
    for (int i = 0; i < count; i++) {
      nodes.add(sim.node(NodeId.of("n" + i), this::start));
    }
    sim.run(Duration.ofSeconds(5));
  }

  /** Odd nodes serve, even ones store. */
  private Node start(Environment environment) {
    String self = environment.self().value();
    boolean serves = (self.charAt(1) - '0') % 2 == 1;
    MembershipOptions options =
        MembershipOptions.of("test", addressOf(self))
            .withKey(new byte[32])
            .withMetadata(Map.of(Roles.ROLES, serves ? "serving" : "storage"));
    Membership membership =
        Membership.join(
            environment,
            self.equals("n0") ? options : options.withSeeds(List.of(addressOf("n0"))));
    LoadBalancer<NodeId> balancer =
        LoadBalancer.<NodeId>builder()
            .clock(environment.clock()::monotonicNanos)
            .seed(1)
            .build(List.of());
    FollowingPartitioner ring = new FollowingPartitioner("storage", RingOptions.defaults());
    membership.subscribe(
        environment.eventLoop("followers"), new FollowingBalancer(balancer, "serving"));
    membership.subscribe(environment.eventLoop("followers"), ring);
    StorePlacementRegister register = register(environment);
    return new Node(
        membership, balancer, ring, register, new PlacementProposer(register, "storage"));
  }

  /** The register runs on the first three nodes; the others have none. */
  private static StorePlacementRegister register(Environment environment) {
    if (!VOTERS.contains(environment.self())) {
      return null;
    }
    for (NodeId voter : VOTERS) {
      if (!voter.equals(environment.self())) {
        environment.transport().setPeer(voter, SimNode.addressOf(voter));
      }
    }
    Raft raft = Raft.open(environment, RaftOptions.defaults());
    return new StorePlacementRegister(
        ConsistentStore.open(raft, "placement", VOTERS, Codec.STRING, Codec.BYTES),
        "placement");
  }

  /** A placement of n0 alone, so that the other storage members are to be added. */
  private PlacementState form() {
    return sim.await(
        service(0).register().form(Placement.everywhere(1, List.of(NodeId.of("n0")))),
        Duration.ofSeconds(10));
  }

  private Optional<PlacementState> propose(int node, View view) {
    return sim.await(service(node).proposer().propose(view), Duration.ofSeconds(5));
  }

  private PlacementState read(int node) {
    return sim.await(service(node).register().read(), Duration.ofSeconds(10)).orElseThrow();
  }

  private void partition(List<NodeId> one, List<NodeId> other) {
    for (NodeId a : one) {
      for (NodeId b : other) {
        sim.network().block(a, b);
        sim.network().block(b, a);
      }
    }
  }

  private List<String> replicas(int node) {
    return service(node).balancer().stats().replicas().stream()
        .map(replica -> replica.replica().target().value())
        .sorted()
        .collect(Collectors.toList());
  }

  private Node service(int node) {
    return nodes.get(node).service();
  }

  private static Address addressOf(String node) {
    return new Address(SimNode.addressOf(NodeId.of(node)).host(), PORT);
  }
}
