package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.StorageException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Items 24, 27, 31, 32 and 34 to 36 of the correctness checklist, and bad input. */
class RecoveryTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int KILLS_OF_A_RUN = 12;
  /** Small commands, so that the log's files are small; snapshots all the time. */
  private static final RaftOptions OPTIONS =
      RaftOptions.defaults().withMaxCommandBytes(1_024).withSnapshotLogBytes(400);

  @Test
  void item_24_a_crash_at_any_step_of_log_and_snapshot_leaves_no_gap_between_them() {
    long calls = callsOfARun();
    assertThat(calls).isGreaterThan(50);
    for (long k = 1; k <= calls; k++) {
      long at = k;
      survives("crash before call " + k, node -> node.disk().crashBefore(at));
    }
  }

  @Test
  void item_32_a_failure_of_any_call_of_the_disk_loses_nothing_that_was_acknowledged() {
    long calls = callsOfARun();
    for (long k = 1; k <= calls; k++) {
      long at = k;
      survives("failure of call " + k, node -> node.disk().failAt(at));
    }
  }

  @Test
  void item_32_a_node_whose_sync_failed_stops_and_acknowledges_nothing_more() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(1), 1, OPTIONS)) {
      cluster.add(0, 1);
      cluster.nodes.get(0).disk().failNextSync();

      CompletableFuture<Long> lost = cluster.counter(0).submit(1L);
      cluster.simulation.runUntil(lost::isDone, LIMIT);

      assertThat(failureOf(lost)).isInstanceOf(IndeterminateException.class);
      assertThat(cluster.counter(0).failure()).isPresent();
      CompletableFuture<Long> later = cluster.counter(0).submit(1L);
      assertThat(failureOf(later)).isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void item_27_a_state_machine_that_throws_stops_its_node_and_no_other_command_is_skipped() {
    try (Simulation simulation = Simulation.seeded(1)) {
      SimNode<RaftNode<Long, Long, Throwing>> node =
          simulation.node(
              NodeId.of("a"),
              environment ->
                  Raft.open(environment, OPTIONS)
                      .group("g")
                      .members(NodeId.of("a"))
                      .start(new Throwing(), Codec.LONG, Codec.LONG));
      assertThat(simulation.await(node.service().submit(1L), LIMIT)).isEqualTo(1);

      CompletableFuture<Long> poison = node.service().submit(13L);
      simulation.runUntil(poison::isDone, LIMIT);

      assertThat(failureOf(poison)).isInstanceOf(OperationException.class);
      assertThat(node.service().failure().orElseThrow()).hasMessageContaining("state machine");
      assertThat(failureOf(node.service().submit(1L))).isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void item_31_commands_are_applied_once_however_often_the_leader_is_killed() {
    int kills = Integer.getInteger("raft.kills", 60);
    for (long seed = 1; seed <= kills / KILLS_OF_A_RUN; seed++) {
      try (CounterCluster cluster = new CounterCluster(Simulation.seeded(seed), 3, OPTIONS)) {
        long acknowledged = 0;
        long unknown = 0;
        for (int round = 0; round < KILLS_OF_A_RUN; round++) {
          List<CompletableFuture<Long>> flying =
              List.of(
                  cluster.counter(0).submit(1L),
                  cluster.counter(1).submit(1L),
                  cluster.counter(2).submit(1L));
          SimNode<?> leader = cluster.awaitLeader();
          int leading = cluster.nodes.indexOf(leader);
          leader.crash();
          for (int i = 0; i < 3; i++) {
            if (i == leading && !flying.get(i).isDone()) {
              unknown++;
              continue;
            }
            cluster.simulation.runUntil(flying.get(i)::isDone, LIMIT);
            assertThat(flying.get(i)).isCompleted();
            acknowledged++;
          }
          leader.restart();
        }
        long value = cluster.read(0, Read.LINEARIZABLE);

        assertThat(value).isBetween(acknowledged, acknowledged + unknown);
      }
    }
  }

  @Test
  void item_34_damage_in_what_was_acknowledged_is_reported_and_nothing_is_cut_in_silence() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(3), 1, OPTIONS)) {
      for (int i = 0; i < 60; i++) {
        cluster.add(0, 1);
      }
      cluster.simulation.run(Duration.ofSeconds(1));
      SimNode<CounterCluster.Service> node = cluster.nodes.get(0);
      node.crash();
      String snapshot =
          node.disk().paths().stream()
              .filter(path -> path.contains("snapshot-"))
              .reduce((first, last) -> last)
              .orElseThrow();
      node.disk().flipBit(snapshot, 100);
      node.restart();
      CompletableFuture<Void> started = cluster.counter(0).started();
      cluster.simulation.runUntil(started::isDone, LIMIT);

      assertThat(failureOf(started))
          .isInstanceOf(CorruptionException.class)
          .hasMessageContaining("snapshot-")
          .hasMessageContaining("offset");
    }
  }

  @Test
  void item_35_a_node_without_a_disk_says_so_by_its_option() {
    assertThat(RaftOptions.defaults().durable()).isTrue();
    assertThat(RaftOptions.defaults().unsafeInMemory().durable()).isFalse();
  }

  @Test
  void item_35_a_node_that_lost_its_disk_comes_back_under_a_new_id_as_a_learner_first() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(4), 3, OPTIONS)) {
      for (int i = 0; i < 20; i++) {
        cluster.add(i % 3, 1);
      }
      SimNode<CounterCluster.Service> leader = cluster.awaitLeader();
      SimNode<CounterCluster.Service> lost =
          cluster.nodes.get(cluster.nodes.get(0) == leader ? 1 : 0);
      lost.crash();
      lost.wipe();

      RaftNode<Long, Long, Counter> group = leader.service().counter();
      cluster.simulation.await(group.remove(lost.id()), LIMIT);
      NodeId fresh = NodeId.of("n3");
      cluster.add(fresh, List.of(), OPTIONS);
      cluster.simulation.await(group.addLearner(fresh), LIMIT);
      assertThat(cluster.read(3, Read.LINEARIZABLE)).isEqualTo(20);
      cluster.simulation.await(group.addVoter(fresh), LIMIT);
      leader.crash();

      assertThat(cluster.add(3, 1)).isEqualTo(21);
    }
  }

  @Test
  void item_35_a_node_that_lost_its_disk_helps_nobody_to_lose_what_it_had_acknowledged() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(5), 3, OPTIONS)) {
      cluster.add(0, 1);
      SimNode<CounterCluster.Service> leader = cluster.awaitLeader();
      int led = cluster.nodes.indexOf(leader);
      int lost = (led + 1) % 3;
      int behind = (led + 2) % 3;
      cluster.nodes.get(behind).crash();
      cluster.add(led, 1);
      leader.crash();
      cluster.nodes.get(lost).wipe();

      cluster.nodes.get(lost).restart();
      cluster.nodes.get(behind).restart();
      cluster.simulation.run(Duration.ofSeconds(20));
      assertThat(cluster.leader()).isEmpty();

      leader.restart();
      assertThat(cluster.add(lost, 1)).isEqualTo(3);
      cluster.simulation.run(Duration.ofSeconds(1));
      cluster.awaitLeader().crash();
      assertThat(cluster.add(cluster.nodes.get(lost).isRunning() ? lost : led, 1)).isEqualTo(4);
    }
  }

  @Test
  void item_36_a_node_does_not_start_in_the_directory_of_another(@TempDir Path directory)
      throws Exception {
    try (Environment first = environment("a", directory);
        Raft raft = Raft.open(first, OPTIONS)) {
      raft.opened().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    try (Environment second = environment("b", directory);
        Raft raft = Raft.open(second, OPTIONS)) {
      assertThatThrownBy(() -> raft.opened().get(LIMIT.toSeconds(), TimeUnit.SECONDS))
          .hasCauseInstanceOf(StorageException.class)
          .hasMessageContaining("raft of node a");
    }
  }

  private static Environment environment(String id, Path directory) {
    return Environment.real(
        EnvironmentOptions.of(NodeId.of(id), "test").withDataDirectory(directory));
  }

  @Test
  void the_caller_s_mistakes_are_thrown_at_the_call_and_name_the_argument() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(5), 1, OPTIONS)) {
      Raft raft = cluster.nodes.get(0).service().raft();

      assertThatThrownBy(() -> raft.group("no/slash")).hasMessageContaining("no/slash");
      assertThatThrownBy(() -> raft.group("g").priority(11)).hasMessageContaining("11");
      assertThatThrownBy(() -> cluster.counter(0).remove(NodeId.of("n0")))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> OPTIONS.withMaxCommandBytes(0)).hasMessageContaining("0");
    }
  }

  @Test
  void a_command_over_the_limit_is_thrown_back() {
    try (Simulation simulation = Simulation.seeded(6)) {
      SimNode<RaftNode<byte[], byte[], Echo>> node =
          simulation.node(
              NodeId.of("a"),
              environment ->
                  Raft.open(environment, OPTIONS)
                      .group("g")
                      .members(NodeId.of("a"))
                      .start(new Echo(), Codec.BYTES, Codec.BYTES));

      assertThatThrownBy(() -> node.service().submit(new byte[1_025]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1025");
    }
  }

  @Test
  void what_comes_after_the_close_is_refused_and_what_was_pending_ends() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(7), 3, OPTIONS)) {
      cluster.awaitLeader();
      CompletableFuture<Long> pending = cluster.counter(0).submit(1L);
      cluster.nodes.get(0).service().close();
      cluster.simulation.runUntil(pending::isDone, LIMIT);

      assertThat(failureOf(cluster.counter(0).submit(1L))).isInstanceOf(RefusedException.class);
      assertThat(failureOf(cluster.counter(0).read(Counter::value, Read.LINEARIZABLE)))
          .isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void a_second_start_of_a_group_on_one_node_is_refused() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(8), 1, OPTIONS)) {
      cluster.add(0, 1);
      RaftNode<Long, Long, Counter> second =
          cluster.nodes.get(0).service().raft().group("counter").members(cluster.ids)
              .start(new Counter(), Codec.LONG, Codec.LONG);
      CompletableFuture<Void> started = second.started();
      cluster.simulation.runUntil(started::isDone, LIMIT);

      assertThat(started).isCompletedExceptionally();
      assertThat(cluster.add(0, 1)).isEqualTo(2);
    }
  }

  @Test
  void a_survivor_goes_on_alone_when_told_to_after_a_majority_is_lost_for_good() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(9), 3, OPTIONS)) {
      cluster.add(0, 5);
      cluster.simulation.run(Duration.ofSeconds(1));
      cluster.nodes.get(1).wipe();
      cluster.nodes.get(2).wipe();

      cluster.counter(0).unsafeRecover(Configuration.of(List.of(NodeId.of("n0"))));

      assertThat(cluster.add(0, 1)).isEqualTo(6);
    }
  }

  private interface Harm {
    void to(SimNode<CounterCluster.Service> node);
  }

  private static long callsOfARun() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(2), 1, OPTIONS)) {
      long before = cluster.nodes.get(0).disk().callCount();
      work(cluster);
      return cluster.nodes.get(0).disk().callCount() - before;
    }
  }

  /** Adds one 12 times; how many were acknowledged. */
  private static int work(CounterCluster cluster) {
    int acknowledged = 0;
    for (int i = 0; i < 12 && cluster.nodes.get(0).isRunning(); i++) {
      CompletableFuture<Long> added = cluster.counter(0).submit(1L);
      cluster.simulation.runUntil(
          () -> added.isDone() || !cluster.nodes.get(0).isRunning(), LIMIT);
      acknowledged += added.isDone() && !added.isCompletedExceptionally() ? 1 : 0;
    }
    return acknowledged;
  }

  private static void survives(String what, Harm harm) {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(2), 1, OPTIONS)) {
      SimNode<CounterCluster.Service> node = cluster.nodes.get(0);
      harm.to(node);
      int acknowledged = work(cluster);
      node.disk().heal();
      node.crash();
      node.restart();

      assertThat(cluster.read(0, Read.LINEARIZABLE)).as(what).isBetween((long) acknowledged, 12L);
    }
  }

  private static Throwable failureOf(CompletableFuture<?> future) {
    assertThat(future).isCompletedExceptionally();
    try {
      future.join();
      throw new AssertionError("did not fail");
    } catch (CompletionException e) {
      return e.getCause();
    }
  }
}
