package io.quorate.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Items P13, P14, P15 and P18 while the placement changes, one promise at a time. */
class PlacementChangeTest {
  private static final NodeId N1 = NodeId.of("n1");
  private static final NodeId N2 = NodeId.of("n2");
  private static final NodeId N3 = NodeId.of("n3");
  private static final NodeId N4 = NodeId.of("n4");

  private static Placement ring(int nodes) {
    return Placement.of(
        ConsistentHashRing.of(
            Member.all(QuorumCluster.ids(nodes), NodeId::value),
            RingOptions.defaults().withReplicas(3)));
  }

  private static Map<String, Tag> written(QuorumCluster cluster, int keys) {
    Map<String, Tag> written = new TreeMap<>();
    for (int i = 0; i < keys; i++) {
      written.put("key-" + i, cluster.put(i % 3, "key-" + i, "v" + i, Consistency.QUORUM));
    }
    return written;
  }

  private static void allThere(QuorumCluster cluster, Map<String, Tag> written, int node) {
    written.forEach(
        (key, tag) ->
            assertThat(cluster.get(node, key, Consistency.QUORUM).tag()).as(key).isEqualTo(tag));
  }

  @Test
  void a_node_that_is_added_receives_all_keys_and_counts() {
    try (QuorumCluster cluster = QuorumCluster.changing(1, 4, 3).ready()) {
      Map<String, Tag> written = written(cluster, 50);

      PlacementState state = cluster.change(0, PlacementChange.add(N4));

      assertThat(state.epoch()).isEqualTo(3);
      assertThat(state.current().nodes()).containsExactly(N1, N2, N3, N4);
      cluster.ready();
      assertThat(cluster.status(3).keys()).isEqualTo(50);
      // Three of four now: n4 must stand in for n1.
      cluster.nodes.get(0).crash();
      allThere(cluster, written, 3);
    }
  }

  @Test
  void a_node_that_is_removed_serves_to_the_end_and_then_forgets_its_keys() {
    try (QuorumCluster cluster = QuorumCluster.changing(2, 4, 4).ready()) {
      Map<String, Tag> written = written(cluster, 50);

      cluster.change(1, PlacementChange.remove(N4));

      cluster.run(5_000);
      assertThat(cluster.status(3).keys()).isZero();
      allThere(cluster, written, 0);
      allThere(cluster, written, 3);
    }
  }

  @Test
  void a_dead_node_is_replaced_by_another() {
    try (QuorumCluster cluster = QuorumCluster.changing(3, 4, 3).ready()) {
      Map<String, Tag> written = written(cluster, 50);
      cluster.nodes.get(2).crash();

      cluster.change(0, PlacementChange.replace(N3, N4));

      cluster.run(1_000);
      cluster.nodes.get(0).crash();
      allThere(cluster, written, 1);
    }
  }

  @Test
  void keys_of_a_ring_move_to_a_new_node_and_no_others() {
    try (QuorumCluster cluster =
        QuorumCluster.changing(4, 6, ring(5), QuorumCluster.options()).ready()) {
      Map<String, Tag> written = written(cluster, 200);
      Placement after = PlacementChange.add(NodeId.of("n6")).applyTo(ring(5));
      long moved =
          written.keySet().stream()
              .filter(key -> after.replicasOf(key.getBytes()).contains(NodeId.of("n6")))
              .count();
      List<MoveProgress> told = new ArrayList<>();

      cluster.simulation.await(
          cluster.store(0).change(PlacementChange.add(NodeId.of("n6")), told::add),
          Duration.ofMinutes(5));

      cluster.run(5_000);
      assertThat(cluster.status(5).keys()).isEqualTo((int) moved).isBetween(50, 150);
      int held = 0;
      for (int node = 0; node < 6; node++) {
        held += cluster.status(node).keys();
      }
      assertThat(held).as("each key on three nodes").isEqualTo(3 * 200);
      MoveProgress last = told.get(told.size() - 2);
      assertThat(last.nodes().get(NodeId.of("n6")).ranges().stream()
              .mapToLong(MoveProgress.Range::keys).sum())
          .isEqualTo(moved);
      assertThat(last.bytes()).isPositive().isLessThanOrEqualTo(last.bytesInAll());
      allThere(cluster, written, 5);
    }
  }

  @Test
  void p13_no_operation_fails_or_waits_long_while_nodes_are_added_removed_and_replaced() {
    List<Long> nanos = new ArrayList<>();
    for (int seed = 0; seed < 5; seed++) {
      try (QuorumCluster cluster =
          QuorumCluster.changing(100 + seed, 6, ring(4), QuorumCluster.options()).ready()) {
        List<CompletableFuture<?>> done = new ArrayList<>();
        Load load = new Load(cluster, done);
        load.next(0);
        cluster.change(0, PlacementChange.add(NodeId.of("n5")));
        cluster.change(4, PlacementChange.replace(N1, NodeId.of("n6")));
        cluster.change(2, PlacementChange.remove(N2));
        load.ended = true;
        cluster.run(5_000);

        assertThat(done.size()).as("seed %d", seed).isGreaterThan(120);
        for (CompletableFuture<?> each : done) {
          assertThat(each).as("seed %d", seed).isCompleted();
        }
        nanos.addAll(load.nanos);
      }
    }
    nanos.sort(null);
    // Who lags behind the placement is asked again in tens of milliseconds, of virtual time.
    assertThat(nanos.get(nanos.size() * 99 / 100)).isLessThan(Duration.ofMillis(30).toNanos());
    assertThat(nanos.get(nanos.size() - 1)).isLessThan(Duration.ofMillis(100).toNanos());
  }

  /** Operations one after the other on every node in turn, members or not. */
  private static final class Load {
    private final QuorumCluster cluster;
    private final List<CompletableFuture<?>> done;
    private boolean ended;
    private final List<Long> nanos = new ArrayList<>();

    Load(QuorumCluster cluster, List<CompletableFuture<?>> done) {
      this.cluster = cluster;
      this.done = done;
    }

    void next(int i) {
      if (ended) {
        return;
      }
      QuorumStore<String, String> store =
          cluster.nodes.get(i % cluster.nodes.size()).service().join();
      Consistency level = i % 3 == 0 ? Consistency.QUORUM : Consistency.LINEARIZABLE;
      String key = "key-" + i % 17;
      CompletableFuture<?> operation =
          i % 2 == 0
              ? store.put(key, "v" + i, WriteOptions.at(level))
              : store.get(key, ReadOptions.at(level));
      long beganNanos = cluster.simulation.nowNanos();
      done.add(
          operation.whenComplete(
              (v, failure) -> nanos.add(cluster.simulation.nowNanos() - beganNanos)));
      cluster.simulation.at(Duration.ofMillis(5), () -> next(i + 1));
    }
  }

  @Test
  void p13_a_coordinator_that_has_not_heard_is_refused_and_its_caller_does_not_notice() {
    try (QuorumCluster cluster = QuorumCluster.changing(5, 4, 3).ready()) {
      // n2 hears of nothing: it learns from who refuses it.
      cluster.isolate(1);
      cluster.change(0, PlacementChange.to(Placement.everywhere(2, List.of(N1, N3))));
      cluster.heal();
      cluster.put(0, "k", "new", Consistency.LINEARIZABLE);

      assertThat(cluster.get(1, "k", Consistency.LINEARIZABLE).value()).contains("new");
      assertThat(cluster.simulation.await(cluster.store(1).placement(), QuorumCluster.PATIENCE)
              .epoch())
          .isEqualTo(3);
    }
  }

  @Test
  void p14_a_second_change_is_refused_while_one_is_in_progress() {
    try (QuorumCluster cluster = QuorumCluster.changing(6, 5, 3).ready()) {
      written(cluster, 20);
      cluster.nodes.get(2).pause(Duration.ofSeconds(5));
      CompletableFuture<PlacementState> first = cluster.store(0).change(PlacementChange.add(N4));
      cluster.run(1_000);

      assertThatThrownBy(() -> cluster.change(1, PlacementChange.remove(N2)))
          .hasCauseInstanceOf(RefusedException.class)
          .hasMessageContaining("a change is in progress at epoch 2");
      assertThat(
              cluster.simulation.await(cluster.store(1).changeInProgress(), QuorumCluster.PATIENCE))
          .isPresent();
      assertThat(cluster.simulation.await(first, QuorumCluster.PATIENCE).epoch()).isEqualTo(3);
      assertThat(
              cluster.simulation.await(cluster.store(1).changeInProgress(), QuorumCluster.PATIENCE))
          .isEmpty();
    }
  }

  @Test
  void p14_a_change_goes_on_when_the_node_that_began_it_dies_and_when_the_new_one_restarts() {
    for (int seed = 0; seed < 5; seed++) {
      QuorumOptions slow =
          QuorumCluster.options()
              .withMoves(QuorumCluster.options().moves().withBytesPerSecond(1_024));
      try (QuorumCluster cluster =
          QuorumCluster.changing(
                  200 + seed, 4, Placement.everywhere(1, QuorumCluster.ids(3)), slow)
              .ready()) {
        Map<String, Tag> written = written(cluster, 300);
        cluster.store(0).change(PlacementChange.add(N4));
        cluster.run(500 + 100L * seed);
        cluster.nodes.get(0).crash();
        cluster.nodes.get(3).crash();
        cluster.run(1_000);
        assertThat(cluster.register.newest().isMoving()).as("seed %d", seed).isTrue();
        cluster.nodes.get(3).restart();
        cluster.run(10_000);
        cluster.nodes.get(0).restart();
        cluster.simulation.runUntil(
            () -> !cluster.register.newest().isMoving(), Duration.ofMinutes(2));

        cluster.ready();
        assertThat(cluster.register.newest().current().nodes()).contains(N4);
        cluster.nodes.get(1).crash();
        allThere(cluster, written, 3);
      }
    }
  }

  @Test
  void a_change_that_is_given_up_leaves_everything_where_it_was() {
    try (QuorumCluster cluster = QuorumCluster.changing(7, 4, 3).ready()) {
      Map<String, Tag> written = written(cluster, 50);
      cluster.nodes.get(2).pause(Duration.ofSeconds(5));
      CompletableFuture<PlacementState> change = cluster.store(0).change(PlacementChange.add(N4));
      cluster.run(1_000);

      PlacementState state =
          cluster.simulation.await(cluster.store(1).cancelChange(), QuorumCluster.PATIENCE);

      assertThat(state.current().nodes()).containsExactly(N1, N2, N3);
      assertThatThrownBy(() -> cluster.simulation.await(change, QuorumCluster.PATIENCE))
          .hasCauseInstanceOf(RefusedException.class)
          .hasMessageContaining("the change was cancelled");
      cluster.run(10_000);
      allThere(cluster, written, 3);
      assertThat(cluster.status(3).keys()).isZero();
      assertThatThrownBy(
              () -> cluster.simulation.await(cluster.store(1).cancelChange(), QuorumCluster.PATIENCE))
          .hasMessageContaining("no change is in progress at epoch 3");
    }
  }

  @Test
  void p15_a_node_that_joins_stands_for_no_quorum_before_it_has_received_its_keys() {
    QuorumOptions slow =
        QuorumCluster.options()
            .withMoves(QuorumCluster.options().moves().withBytesPerSecond(1_024));
    try (QuorumCluster cluster =
        QuorumCluster.changing(8, 5, Placement.everywhere(1, QuorumCluster.ids(3)), slow)
            .ready()) {
      Map<String, Tag> written = written(cluster, 200);
      cluster.store(0).change(PlacementChange.to(
          Placement.everywhere(2, List.of(N3, N4, NodeId.of("n5")))));
      cluster.run(1_000);
      // The sources have no quorum: n3, n4 and n5 are one of the new placement, and hold little.
      cluster.nodes.get(0).crash();
      cluster.nodes.get(1).crash();

      assertThatThrownBy(() -> cluster.get(3, "key-0", Consistency.QUORUM))
          .hasCauseInstanceOf(RefusedException.class);
      cluster.run(60_000);
      assertThat(cluster.register.newest().isMoving()).isTrue();
      cluster.nodes.get(0).restart();
      cluster.simulation.runUntil(
          () -> !cluster.register.newest().isMoving(), Duration.ofMinutes(2));
      cluster.nodes.get(0).crash();
      allThere(cluster, written, 3);
    }
  }

  @Test
  void p18_a_hint_for_a_node_that_has_left_goes_to_those_that_came() {
    QuorumOptions rarely = QuorumCluster.options().withRepairInterval(Duration.ofHours(1));
    try (QuorumCluster cluster =
        QuorumCluster.changing(9, 6, Placement.everywhere(1, QuorumCluster.ids(3)), rarely)
            .ready()) {
      // The last comparison of the beginning is over, the next one is an hour away.
      cluster.run(2_000);
      for (NodeId node : List.of(N1, N2)) {
        cluster.simulation.network().block(N4, node);
        cluster.simulation.network().block(node, N4);
      }
      cluster.put(3, "k", "v", Consistency.ONE);
      cluster.run(3_000);
      assertThat(cluster.status(3).hints()).as("for n1 and n2").isEqualTo(2);
      // The one replica that has it is lost: there are the hints, and n2 cannot be given its own.
      cluster.nodes.get(2).crash();
      List<NodeId> next = List.of(N2, NodeId.of("n5"), NodeId.of("n6"));

      cluster.change(0, PlacementChange.to(Placement.everywhere(2, next)));
      cluster.run(3_000);

      assertThat(cluster.get(4, "k", Consistency.ONE).value()).contains("v");
      assertThat(cluster.get(5, "k", Consistency.ONE).value()).contains("v");
    }
  }

  @Test
  void p19_a_node_that_comes_back_into_the_placement_brings_no_deleted_key_with_it() {
    try (QuorumCluster cluster = QuorumCluster.changing(10, 4, 4).ready()) {
      cluster.put(0, "gone", "v", Consistency.ALL);
      cluster.nodes.get(3).crash();
      cluster.change(0, PlacementChange.remove(N4));
      cluster.delete(0, "gone", Consistency.QUORUM);
      // Long enough that the three have forgotten that there was such a key.
      cluster.run(200_000);
      cluster.nodes.get(3).restart();
      cluster.change(0, PlacementChange.add(N4));
      cluster.run(10_000);

      for (int node = 0; node < 4; node++) {
        assertThat(cluster.get(node, "gone", Consistency.QUORUM)).isEqualTo(Versioned.absent());
        assertThat(cluster.get(node, "gone", Consistency.ONE)).isEqualTo(Versioned.absent());
      }
    }
  }

  @Test
  void a_change_that_cannot_be_is_refused_and_nothing_has_changed() {
    try (QuorumCluster cluster = QuorumCluster.changing(11, 4, 3).ready()) {
      Map<String, Tag> written = written(cluster, 10);

      assertThatThrownBy(() -> cluster.change(0, PlacementChange.add(N2)))
          .hasCauseInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("node must not be in the placement, was n2 of [n1, n2, n3]");
      assertThatThrownBy(() -> cluster.change(0, PlacementChange.remove(N4)))
          .hasCauseInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("was n4");
      assertThatThrownBy(() -> cluster.change(0, PlacementChange.add(NodeId.of("nobody"))))
          .hasCauseInstanceOf(RefusedException.class)
          .hasMessageContaining("node must answer to be added, nobody does not");
      assertThatThrownBy(
              () ->
                  cluster.simulation.await(
                      cluster.store(0).change(7, PlacementChange.add(N4), progress -> {}),
                      QuorumCluster.PATIENCE))
          .hasCauseInstanceOf(RefusedException.class)
          .hasMessageContaining("epoch must be that of the placement, 1, was 7");
      cluster.nodes.get(3).disk().freeBytes(0);
      cluster.put(0, "more", "v".repeat(5_000), Consistency.QUORUM);
      assertThat(cluster.register.newest().epoch()).isEqualTo(1);
      allThere(cluster, written, 1);
    }
  }

  @Test
  void quorums_that_need_not_meet_in_the_new_placement_are_refused() {
    QuorumOptions two = QuorumCluster.options().withQuorums(2, 2);
    try (QuorumCluster cluster =
        QuorumCluster.changing(12, 4, Placement.everywhere(1, QuorumCluster.ids(3)), two)
            .ready()) {
      assertThatThrownBy(() -> cluster.change(0, PlacementChange.add(N4)))
          .hasCauseInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("were 2 + 2 of 4");
    }
  }

  @Test
  void a_new_node_whose_disk_is_full_holds_the_change_up_and_harms_nothing() {
    QuorumOptions hasty =
        QuorumCluster.options()
            .withMoves(QuorumCluster.options().moves().withPatience(Duration.ofSeconds(5)));
    try (QuorumCluster cluster =
        QuorumCluster.changing(13, 4, Placement.everywhere(1, QuorumCluster.ids(3)), hasty)
            .ready()) {
      Map<String, Tag> written = new TreeMap<>();
      for (int i = 0; i < 40; i++) {
        written.put("key-" + i, cluster.put(0, "key-" + i, "v".repeat(2_000), Consistency.QUORUM));
      }
      cluster.nodes.get(3).disk().freeBytes(40_000);

      assertThatThrownBy(() -> cluster.change(0, PlacementChange.add(N4)))
          .hasCauseInstanceOf(IndeterminateException.class)
          .hasMessageContaining("the disk is full or has failed");
      allThere(cluster, written, 2);
      written.put("during", cluster.put(1, "during", "v", Consistency.LINEARIZABLE));
      // Room again: it comes on by itself.
      cluster.nodes.get(3).disk().restoreCapacity();
      cluster.simulation.runUntil(
          () -> !cluster.register.newest().isMoving(), Duration.ofMinutes(1));
      cluster.ready();
      cluster.nodes.get(0).crash();
      allThere(cluster, written, 3);
    }
  }

  @Test
  void p14_a_node_that_restarts_without_the_register_goes_by_the_placement_it_went_by_before() {
    try (QuorumCluster cluster = QuorumCluster.changing(14, 4, 3).ready()) {
      cluster.put(0, "k", "v", Consistency.ALL);
      cluster.change(0, PlacementChange.to(Placement.everywhere(2, List.of(N1, N2, N4))));
      cluster.run(2_000);
      cluster.register.outOfReach(true);
      cluster.nodes.forEach(io.quorate.core.sim.SimNode::crash);
      cluster.nodes.forEach(io.quorate.core.sim.SimNode::restart);
      cluster.ready();

      for (int node = 0; node < 4; node++) {
        assertThat(
                cluster.simulation.await(cluster.store(node).placement(), QuorumCluster.PATIENCE)
                    .epoch())
            .isEqualTo(3);
        assertThat(cluster.get(node, "k", Consistency.QUORUM).value()).contains("v");
      }
    }
  }

  @Test
  void a_node_waits_for_a_cluster_to_be_formed_and_not_for_ever() {
    try (QuorumCluster cluster = QuorumCluster.changing(15, 4, 3).ready()) {
      cluster.register.outOfReach(true);
      cluster.nodes.get(3).wipe();
      cluster.nodes.get(3).restart();
      cluster.run(30_000);
      assertThat(cluster.isOpen(3)).isFalse();
      cluster.register.outOfReach(false);
      cluster.run(1_000);
      assertThat(cluster.isOpen(3)).isTrue();

      cluster.register.outOfReach(true);
      cluster.nodes.get(3).wipe();
      cluster.nodes.get(3).restart();
      cluster.run(70_000);
      assertThatThrownBy(() -> cluster.nodes.get(3).service().join())
          .hasCauseInstanceOf(RefusedException.class)
          .hasMessageContaining("no placement was agreed on within a minute: it cannot be read");
    }
  }

  @Test
  void a_store_with_a_fixed_placement_says_that_it_cannot_be_changed() {
    try (QuorumCluster cluster = new QuorumCluster(16, 3).ready()) {
      assertThatThrownBy(() -> cluster.change(0, PlacementChange.remove(N1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the store was opened with a fixed placement");
    }
  }

  @Test
  void a_listener_that_fails_does_not_hold_the_change_up() {
    try (QuorumCluster cluster = QuorumCluster.changing(17, 4, 3).ready()) {
      CompletableFuture<PlacementState> change =
          cluster
              .store(0)
              .change(
                  PlacementChange.add(N4),
                  progress -> {
                    throw new IllegalStateException("not mine");
                  });

      assertThat(cluster.simulation.await(change, QuorumCluster.PATIENCE).epoch()).isEqualTo(3);
    }
  }
}
