package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.transport.Handler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RaftNodeTest {
  private static final RaftOptions OPTIONS = RaftOptions.defaults();

  @Test
  void commands_given_to_any_node_are_applied_on_all() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(1), 3, OPTIONS)) {
      assertThat(cluster.add(0, 1)).isEqualTo(1);
      assertThat(cluster.add(1, 2)).isEqualTo(3);
      assertThat(cluster.add(2, 4)).isEqualTo(7);

      for (int i = 0; i < 3; i++) {
        assertThat(cluster.read(i, Read.LINEARIZABLE)).isEqualTo(7);
        assertThat(cluster.read(i, Read.LEASE)).isEqualTo(7);
      }
    }
  }

  @Test
  void three_nodes_commit_within_half_a_second_of_their_start() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(2), 3, OPTIONS)) {
      cluster.add(0, 1);

      assertThat(cluster.simulation.nowNanos()).isLessThan(Duration.ofMillis(500).toNanos());
    }
  }

  @Test
  void nodes_that_ran_before_commit_soon_after_what_they_may_have_promised_has_ended() {
    for (int seed = 0; seed < 10; seed++) {
      try (CounterCluster cluster = new CounterCluster(Simulation.seeded(seed), 3, OPTIONS)) {
        cluster.add(0, 1);
        cluster.nodes.forEach(SimNode::crash);
        cluster.nodes.forEach(SimNode::restart);
        long since = cluster.simulation.nowNanos();

        cluster.add(0, 1);

        Duration took = Duration.ofNanos(cluster.simulation.nowNanos() - since);
        assertThat(took).isLessThan(OPTIONS.electionTimeout().plusMillis(40));
      }
    }
  }

  @Test
  void a_node_calls_the_others_before_anything_waits_for_the_connections() {
    try (Simulation simulation = Simulation.seeded(1)) {
      NodeId caller = NodeId.of("n0");
      NodeId other = NodeId.of("n1");
      List<Long> groups = new ArrayList<>();
      simulation.node(
          other,
          environment ->
              environment
                  .transport()
                  .open(
                      "raft",
                      environment.eventLoop("raft"),
                      new Handler() {
                        @Override
                        public void onMessage(NodeId from, byte[] payload) {
                          groups.add(new ByteReader(payload).int64());
                        }
                      }));
      simulation.node(
          caller,
          environment -> {
            environment.transport().setPeer(other, SimNode.addressOf(other));
            Raft raft = Raft.open(environment);
            raft.group("counter")
                .members(caller, other)
                .start(new Counter(), Codec.LONG, Codec.LONG);
            return raft;
          });

      simulation.runUntil(() -> groups.size() == 2, CounterCluster.LIMIT);

      // Only then it asks whether it could win, when the connection has long been made.
      assertThat(groups.get(0)).isEqualTo(Pulse.GROUP);
      assertThat(groups.get(1)).isNotEqualTo(Pulse.GROUP);
    }
  }

  @Test
  void what_was_acknowledged_survives_the_loss_of_power_of_all_nodes() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(3), 3, OPTIONS)) {
      for (int i = 0; i < 20; i++) {
        cluster.add(i % 3, 1);
      }
      cluster.nodes.forEach(SimNode::crash);
      cluster.nodes.forEach(SimNode::restart);

      assertThat(cluster.read(0, Read.LINEARIZABLE)).isEqualTo(20);
    }
  }

  @Test
  void another_node_leads_within_a_second_of_the_leader_s_death() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(4), 3, OPTIONS)) {
      cluster.add(0, 1);
      SimNode<CounterCluster.Service> leader = cluster.awaitLeader();
      leader.crash();
      long since = cluster.simulation.nowNanos();
      int other = leader == cluster.nodes.get(0) ? 1 : 0;

      assertThat(cluster.add(other, 1)).isEqualTo(2);
      assertThat(cluster.simulation.nowNanos() - since)
          .isLessThan(Duration.ofSeconds(1).toNanos());
    }
  }

  @Test
  void another_node_leads_within_a_tenth_of_a_second_when_the_leader_is_closed() {
    for (int seed = 0; seed < 4; seed++) {
      try (CounterCluster cluster = new CounterCluster(Simulation.seeded(seed), 3, OPTIONS)) {
        cluster.add(0, 1);
        SimNode<CounterCluster.Service> leader = cluster.awaitLeader();
        int other = leader == cluster.nodes.get(0) ? 1 : 0;
        cluster.add(other, 1);
        // Also from a group that rests.
        cluster.simulation.run(Duration.ofSeconds(seed % 2 == 0 ? 0 : 2));
        leader.service().close();
        long since = cluster.simulation.nowNanos();

        assertThat(cluster.add(other, 1)).isEqualTo(3);
        assertThat(cluster.simulation.nowNanos() - since)
            .as("seed " + seed)
            .isLessThan(Duration.ofMillis(100).toNanos());
      }
    }
  }

  /** The new leader could not reach it for another second, while its transport was backing off. */
  @Test
  void a_node_that_was_away_learns_at_once_whom_leadership_is_handed_to() {
    for (int seed = 0; seed < 30; seed++) {
      try (CounterCluster cluster = new CounterCluster(Simulation.seeded(seed), 3, OPTIONS)) {
        cluster.add(0, 1);
        SimNode<CounterCluster.Service> leader = cluster.awaitLeader();
        int led = cluster.nodes.indexOf(leader);
        int away = (led + 1) % 3;
        int next = (led + 2) % 3;
        cluster.nodes.get(away).crash();
        cluster.simulation.run(Duration.ofSeconds(3));
        cluster.nodes.get(away).restart();
        cluster.add(away, 1);

        CompletableFuture<Void> transfer =
            leader.service().counter().transferTo(cluster.ids.get(next));
        cluster.simulation.await(transfer, CounterCluster.LIMIT);
        long since = cluster.simulation.nowNanos();

        assertThat(cluster.add(away, 1)).isEqualTo(3);
        assertThat(cluster.simulation.nowNanos() - since)
            .as("seed " + seed)
            .isLessThan(Duration.ofMillis(100).toNanos());
      }
    }
  }

  @Test
  void snapshots_replace_the_log_and_bring_a_new_node_up_to_date() {
    RaftOptions small = OPTIONS.withSnapshotLogBytes(2_000);
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(5), 3, small)) {
      for (int i = 0; i < 300; i++) {
        cluster.add(i % 3, 1);
      }
      cluster.simulation.run(Duration.ofSeconds(1));
      cluster.nodes.forEach(SimNode::crash);
      cluster.nodes.forEach(SimNode::restart);
      assertThat(cluster.read(1, Read.LINEARIZABLE)).isEqualTo(300);

      NodeId added = NodeId.of("n3");
      cluster.add(added, java.util.List.of(), small);
      RaftNode<Long, Long, Counter> leader = cluster.awaitLeader().service().counter();
      cluster.simulation.await(leader.addLearner(added), CounterCluster.LIMIT);
      cluster.simulation.await(leader.addVoter(added), CounterCluster.LIMIT);

      assertThat(cluster.read(3, Read.LINEARIZABLE)).isEqualTo(300);
    }
  }
}
