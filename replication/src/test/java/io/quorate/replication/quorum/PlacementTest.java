package io.quorate.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.RingOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Item P17, and a store whose keys are on some of the nodes only. */
class PlacementTest {
  private static Placement ring(int nodes) {
    List<Member<NodeId>> members =
        QuorumCluster.ids(nodes).stream()
            .map(id -> Member.of(id, id.value()).withZone("zone-" + id.value().hashCode() % 3))
            .toList();
    return Placement.of(ConsistentHashRing.of(members, RingOptions.defaults().withReplicas(3)));
  }

  @Test
  void p17_the_replicas_of_a_key_are_distinct_nodes_of_distinct_zones() {
    Placement placement = ring(6);
    for (int i = 0; i < 1_000; i++) {
      List<NodeId> replicas = placement.replicasOf(Codec.LONG.encode((long) i));

      assertThat(replicas).hasSize(3).doesNotHaveDuplicates();
      assertThat(replicas.stream().map(id -> id.value().hashCode() % 3).distinct()).hasSize(3);
      assertThat(placement.sets()).contains(replicas);
    }
  }

  @Test
  void any_node_coordinates_keys_that_it_does_not_hold() {
    try (QuorumCluster cluster = new QuorumCluster(1, 5, ring(5), QuorumCluster.options()).ready()) {
      for (int i = 0; i < 20; i++) {
        cluster.put(i % 5, "key-" + i, "v" + i, Consistency.QUORUM);
      }
      for (int i = 0; i < 20; i++) {
        assertThat(cluster.get((i + 2) % 5, "key-" + i, Consistency.LINEARIZABLE).value())
            .contains("v" + i);
      }
      cluster.run(2_000);
      int held = 0;
      for (int node = 0; node < 5; node++) {
        held += cluster.simulation.await(cluster.store(node).status(), QuorumCluster.PATIENCE).keys();
      }
      assertThat(held).isEqualTo(3 * 20);
    }
  }

  @Test
  void p15_a_wiped_node_of_five_catches_up_with_those_it_shares_keys_with() {
    try (QuorumCluster cluster = new QuorumCluster(2, 5, ring(5), QuorumCluster.options()).ready()) {
      for (int i = 0; i < 50; i++) {
        cluster.put(i % 5, "key-" + i, "v" + i, Consistency.QUORUM);
      }
      cluster.nodes.get(3).wipe();
      cluster.nodes.get(3).restart();
      cluster.ready();

      for (int i = 0; i < 50; i++) {
        assertThat(cluster.get(3, "key-" + i, Consistency.QUORUM).value()).contains("v" + i);
      }
    }
  }
}
