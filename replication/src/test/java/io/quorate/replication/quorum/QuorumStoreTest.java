package io.quorate.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.IndeterminateException;
import io.quorate.core.RefusedException;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the store promises, one promise at a time. */
class QuorumStoreTest {
  @Test
  void what_one_node_writes_every_node_reads() {
    try (QuorumCluster cluster = new QuorumCluster(1, 3).ready()) {
      Tag tag = cluster.put(0, "k", "v", Consistency.QUORUM);

      for (int node = 0; node < 3; node++) {
        assertThat(cluster.get(node, "k", Consistency.LINEARIZABLE))
            .isEqualTo(new Versioned<>(Optional.of("v"), tag));
      }
    }
  }

  @Test
  void an_absent_key_has_no_version_and_deleting_it_has_no_effect() {
    try (QuorumCluster cluster = new QuorumCluster(2, 3).ready()) {
      assertThat(cluster.get(0, "k", Consistency.QUORUM)).isEqualTo(Versioned.absent());
      assertThat(cluster.delete(1, "k", Consistency.QUORUM)).isEmpty();
    }
  }

  @Test
  void a_deleted_key_is_absent_everywhere_and_has_the_version_of_its_deletion() {
    try (QuorumCluster cluster = new QuorumCluster(3, 3).ready()) {
      cluster.put(0, "k", "v", Consistency.QUORUM);
      Tag deletion = cluster.delete(1, "k", Consistency.QUORUM).orElseThrow();

      assertThat(cluster.get(2, "k", Consistency.QUORUM))
          .isEqualTo(new Versioned<>(Optional.empty(), deletion));
      assertThat(cluster.delete(2, "k", Consistency.QUORUM)).isEmpty();
    }
  }

  @Test
  void a_minority_refuses_and_the_majority_goes_on() {
    try (QuorumCluster cluster = new QuorumCluster(4, 3).ready()) {
      cluster.isolate(0);

      assertThat(cluster.put(1, "k", "v", Consistency.QUORUM)).isNotNull();
      assertThatThrownBy(() -> cluster.put(0, "k", "w", Consistency.QUORUM))
          .hasCauseInstanceOf(RefusedException.class);
      assertThatThrownBy(() -> cluster.get(0, "k", Consistency.QUORUM))
          .hasCauseInstanceOf(RefusedException.class);
      cluster.heal();
      cluster.run(2_000);
      assertThat(cluster.get(0, "k", Consistency.QUORUM).value()).contains("v");
    }
  }

  @Test
  void at_one_both_sides_of_a_partition_answer() {
    try (QuorumCluster cluster = new QuorumCluster(5, 3).ready()) {
      cluster.isolate(0);
      cluster.put(0, "k", "v", Consistency.ONE);

      assertThat(cluster.get(0, "k", Consistency.ONE).value()).contains("v");
      assertThat(cluster.get(1, "k", Consistency.ONE).value()).isEmpty();
    }
  }

  @Test
  void p12_a_write_that_was_sent_and_not_acknowledged_is_indeterminate() {
    try (QuorumCluster cluster = new QuorumCluster(6, 3).ready()) {
      var write = cluster.store(0).put("k", "v", WriteOptions.at(Consistency.ALL));
      cluster.simulation.network().isolate(cluster.ids.get(2));

      assertThatThrownBy(() -> cluster.simulation.await(write, QuorumCluster.PATIENCE))
          .hasCauseInstanceOf(RefusedException.class);
      var tagged = cluster.store(0).put("k", "v", WriteOptions.at(Consistency.ONE));
      cluster.simulation.await(tagged, QuorumCluster.PATIENCE);
      cluster.heal();
      cluster.run(1_000);
      var sent = cluster.store(0).put("k", "w", WriteOptions.at(Consistency.ALL));
      cluster.simulation.runUntil(
          () -> cluster.get(0, "k", Consistency.ONE).value().equals(Optional.of("w")),
          QuorumCluster.PATIENCE);
      cluster.nodes.get(2).kill();
      cluster.nodes.get(1).kill();

      if (!sent.isDone()) {
        assertThatThrownBy(() -> cluster.simulation.await(sent, QuorumCluster.PATIENCE))
            .hasCauseInstanceOf(IndeterminateException.class);
      }
    }
  }

  @Test
  void a_value_with_a_time_to_live_becomes_absent_and_repair_does_not_bring_it_back() {
    try (QuorumCluster cluster = new QuorumCluster(7, 3).ready()) {
      cluster.simulation.await(
          cluster
              .store(0)
              .put(
                  "k",
                  "v",
                  WriteOptions.at(Consistency.QUORUM)
                      .withTimeToLive(java.time.Duration.ofSeconds(5))),
          QuorumCluster.PATIENCE);
      assertThat(cluster.get(1, "k", Consistency.QUORUM).value()).contains("v");

      cluster.run(20_000);

      for (int node = 0; node < 3; node++) {
        assertThat(cluster.get(node, "k", Consistency.QUORUM).value()).isEmpty();
        assertThat(cluster.get(node, "k", Consistency.ONE).value()).isEmpty();
      }
    }
  }
}
