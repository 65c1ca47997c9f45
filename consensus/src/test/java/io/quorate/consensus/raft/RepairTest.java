package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.OperationException;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimDisk;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.StorageException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** What is damaged is set aside and fetched from the others, if that is wanted. */
class RepairTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final RaftOptions REFUSES =
      RaftOptions.defaults()
          .withMaxCommandBytes(1_024)
          .withSnapshotLogBytes(100_000)
          .withOperationTimeout(Duration.ofSeconds(2));
  private static final RaftOptions REPAIRS = REFUSES.withRepair(true);
  private static final RaftOptions SNAPSHOTS = REPAIRS.withSnapshotLogBytes(400);
  private static final String LOG = "raft/log/0000000000000000.wal";

  @Test
  void a_node_with_a_damaged_log_fetches_it_and_then_counts_again() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(1), 3, REPAIRS)) {
      add(cluster, 0, 30);
      int damaged = follower(cluster);
      SimNode<?> node = cluster.nodes.get(damaged);
      damageLog(node);
      node.restart();

      fetchesAndCounts(cluster, damaged, 30);
      assertThat(node.disk().paths())
          .contains(LOG, "raft/_log.2/0000000000000000.wal");
    }
  }

  @Test
  void without_the_option_it_does_not_start_and_says_where_the_damage_is() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(1), 3, REFUSES)) {
      add(cluster, 0, 30);
      int damaged = follower(cluster);
      damageLog(cluster.nodes.get(damaged));
      cluster.nodes.get(damaged).restart();
      CompletableFuture<Void> started = cluster.counter(damaged).started();
      cluster.simulation.runUntil(started::isDone, LIMIT);

      assertThatThrownBy(started::join)
          .hasCauseInstanceOf(CorruptionException.class)
          .hasMessageContaining(LOG)
          .hasMessageContaining("offset");
      assertThat(cluster.add((damaged + 1) % 3, 1)).isEqualTo(31);
    }
  }

  @Test
  void a_node_with_a_damaged_snapshot_fetches_everything_and_then_counts_again() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(2), 3, SNAPSHOTS)) {
      add(cluster, 0, 60);
      cluster.simulation.run(Duration.ofSeconds(1));
      int damaged = follower(cluster);
      SimNode<?> node = cluster.nodes.get(damaged);
      node.crash();
      node.disk().flipBit(newestSnapshot(node), 100);
      node.restart();

      fetchesAndCounts(cluster, damaged, 60);
      assertThat(node.disk().paths()).anyMatch(path -> path.contains("/damaged-snapshot-"));
    }
  }

  @Test
  void a_snapshot_that_is_whole_is_kept_when_the_log_is_not() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(3), 3, SNAPSHOTS)) {
      add(cluster, 0, 60);
      cluster.simulation.run(Duration.ofSeconds(1));
      int damaged = follower(cluster);
      SimNode<?> node = cluster.nodes.get(damaged);
      damageLog(node);
      String snapshot = newestSnapshot(node);
      node.restart();
      cluster.simulation.run(Duration.ofMillis(20));

      assertThat(node.disk().paths()).contains(snapshot);
      fetchesAndCounts(cluster, damaged, 60);
    }
  }

  @Test
  void what_a_newer_release_wrote_is_no_damage() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(4), 3, SNAPSHOTS)) {
      add(cluster, 0, 60);
      cluster.simulation.run(Duration.ofSeconds(1));
      int later = follower(cluster);
      SimNode<?> node = cluster.nodes.get(later);
      node.crash();
      String snapshot = newestSnapshot(node);
      raiseVersion(node.disk(), snapshot);
      node.restart();
      CompletableFuture<Void> started = cluster.counter(later).started();
      cluster.simulation.runUntil(started::isDone, LIMIT);

      assertThatThrownBy(started::join)
          .hasCauseInstanceOf(StorageException.class)
          .hasMessageContaining("version 2");
      assertThat(node.disk().paths()).contains(snapshot);
    }
  }

  @Test
  void it_helps_nobody_to_lose_what_it_had_acknowledged() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(5), 3, REPAIRS)) {
      add(cluster, 0, 10);
      SimNode<CounterCluster.Service> leader = cluster.awaitLeader();
      int led = cluster.nodes.indexOf(leader);
      int damaged = (led + 1) % 3;
      int behind = (led + 2) % 3;
      cluster.nodes.get(behind).crash();
      add(cluster, led, 10);
      leader.crash();
      damageLog(cluster.nodes.get(damaged));

      cluster.nodes.get(damaged).restart();
      cluster.nodes.get(behind).restart();
      cluster.simulation.run(LONG);
      assertThat(cluster.leader()).isEmpty();

      leader.restart();
      assertThat(cluster.add(damaged, 1)).isEqualTo(21);
    }
  }

  @Test
  void two_nodes_with_damaged_logs_do_not_found_their_group_again() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(6), 3, REPAIRS)) {
      add(cluster, 0, 10);
      // So that the third has all of it too.
      cluster.simulation.run(Duration.ofSeconds(1));
      for (SimNode<?> node : cluster.nodes) {
        node.crash();
      }
      damageLog(cluster.nodes.get(0));
      damageLog(cluster.nodes.get(1));
      for (int round = 0; round < 2; round++) {
        cluster.nodes.get(0).restart();
        cluster.nodes.get(1).restart();
        cluster.simulation.run(LONG);
        assertThat(cluster.leader()).isEmpty();
        cluster.nodes.get(0).crash();
        cluster.nodes.get(1).crash();
      }
      cluster.nodes.get(2).restart();
      cluster.counter(2).unsafeRecover(Configuration.of(List.of(cluster.ids.get(2))));

      assertThat(cluster.add(2, 1)).isEqualTo(11);
    }
  }

  /** The control of the test before: here nothing tells that there was a group. */
  @Test
  void two_nodes_whose_disks_were_emptied_do() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(6), 3, REPAIRS)) {
      add(cluster, 0, 10);
      for (SimNode<?> node : cluster.nodes) {
        node.crash();
      }
      cluster.nodes.get(0).wipe();
      cluster.nodes.get(1).wipe();
      cluster.nodes.get(0).restart();
      cluster.nodes.get(1).restart();

      assertThat(cluster.add(0, 1)).isEqualTo(1);
    }
  }

  @Test
  void repaired_nodes_found_groups_that_were_not_there_before() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(7), 3, REPAIRS)) {
      for (SimNode<CounterCluster.Service> node : cluster.nodes) {
        add(cluster, 0, 10);
        damageLog(node);
        node.restart();
        cluster.simulation.run(LIMIT);
      }
      List<RaftNode<Long, Long, Counter>> others =
          cluster.nodes.stream()
              .map(
                  node ->
                      node.service().raft().group("other").members(cluster.ids)
                          .start(new Counter(), Codec.LONG, Codec.LONG))
              .toList();

      assertThat(cluster.simulation.await(others.get(0).submit(1L), LIMIT)).isEqualTo(1);
      assertThat(cluster.read(0, Read.LINEARIZABLE)).isEqualTo(30);
    }
  }

  @Test
  void a_group_of_one_node_waits_rather_than_begin_at_nothing() {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(8), 1, REPAIRS)) {
      add(cluster, 0, 30);
      damageLog(cluster.nodes.get(0));
      cluster.nodes.get(0).restart();
      CompletableFuture<Long> read = cluster.counter(0).read(Counter::value, Read.LINEARIZABLE);
      cluster.simulation.runUntil(read::isDone, LIMIT);

      assertThatThrownBy(read::join).hasCauseInstanceOf(OperationException.class);
    }
  }

  @Test
  void wherever_a_bit_of_what_was_synced_flips_the_node_comes_back_with_everything() {
    int repaired = 0;
    for (int part = 1; part < 16; part++) {
      try (CounterCluster cluster = new CounterCluster(Simulation.seeded(9), 3, REPAIRS)) {
        add(cluster, 0, 30);
        int damaged = follower(cluster);
        SimNode<?> node = cluster.nodes.get(damaged);
        node.crash();
        node.disk().flipBit(LOG, used(node.disk()) * 8L * part / 16);
        node.restart();

        assertThat(cluster.read(damaged, Read.LINEARIZABLE)).isEqualTo(30);
        repaired += node.disk().paths().stream().anyMatch(path -> path.contains("_log.2")) ? 1 : 0;
      }
    }
    assertThat(repaired).isGreaterThan(10);
  }

  @Test
  void a_crash_at_any_step_of_the_repair_leaves_a_log_that_is_repaired_the_next_time() {
    crashesAnywhere(
        node -> {
          damageLog(node);
          node.disk().flipBit(newestSnapshot(node), 100);
        });
  }

  @Test
  void so_does_a_crash_when_a_snapshot_alone_is_damaged() {
    crashesAnywhere(
        node -> {
          node.crash();
          node.disk().flipBit(newestSnapshot(node), 100);
        });
  }

  private static void crashesAnywhere(Consumer<SimNode<?>> damage) {
    long calls = crashInRepair(damage, 0);
    assertThat(calls).isGreaterThan(10);
    for (long call = 1; call <= calls; call++) {
      crashInRepair(damage, call);
    }
  }

  /** Crashes before a call of the disk; 0 for never. How many calls the whole takes. */
  private static long crashInRepair(Consumer<SimNode<?>> damage, long call) {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(10), 3, SNAPSHOTS)) {
      add(cluster, 0, 40);
      cluster.simulation.run(Duration.ofSeconds(1));
      int damaged = follower(cluster);
      SimNode<?> node = cluster.nodes.get(damaged);
      damage.accept(node);
      long before = node.disk().callCount();
      if (call > 0) {
        node.disk().crashBefore(call);
      }
      node.restart();
      cluster.simulation.run(Duration.ofSeconds(3));
      long calls = node.disk().callCount() - before;
      if (!node.isRunning()) {
        node.restart();
      }

      assertThat(cluster.read(damaged, Read.LINEARIZABLE)).as("call " + call).isEqualTo(40);
      return calls;
    }
  }

  private static void fetchesAndCounts(CounterCluster cluster, int damaged, long value) {
    assertThat(cluster.read(damaged, Read.LINEARIZABLE)).isEqualTo(value);
    cluster.simulation.run(Duration.ofSeconds(2));
    int other = 3 - damaged - cluster.nodes.indexOf(cluster.awaitLeader());
    cluster.nodes.get(other).crash();
    assertThat(cluster.add(damaged, 1)).isEqualTo(value + 1);
  }

  private static void add(CounterCluster cluster, int node, int times) {
    for (int i = 0; i < times; i++) {
      cluster.add(node, 1);
    }
  }

  private static int follower(CounterCluster cluster) {
    return (cluster.nodes.indexOf(cluster.awaitLeader()) + 1) % 3;
  }

  /** Stops the node and flips a bit in the middle of what its log holds. */
  private static void damageLog(SimNode<?> node) {
    if (node.isRunning()) {
      node.crash();
    }
    String log =
        node.disk().paths().stream()
            .filter(path -> path.endsWith(".wal"))
            .filter(path -> used(node.disk(), path) > 0)
            .findFirst()
            .orElseThrow();
    node.disk().flipBit(log, used(node.disk(), log) * 4L);
  }

  private static int used(SimDisk disk) {
    return used(disk, LOG);
  }

  private static int used(SimDisk disk, String path) {
    byte[] bytes = disk.visible(path);
    int used = bytes.length;
    while (used > 0 && bytes[used - 1] == 0) {
      used--;
    }
    return used;
  }

  /** Makes it version 2, with a checksum that is right. */
  private static void raiseVersion(SimDisk disk, String path) {
    byte[] old = disk.visible(path);
    byte[] fresh = old.clone();
    fresh[4] = 2;
    CRC32C crc = new CRC32C();
    crc.update(fresh, 0, fresh.length - 4);
    ByteBuffer.wrap(fresh).putInt(fresh.length - 4, (int) crc.getValue());
    for (int bit = 0; bit < fresh.length * 8; bit++) {
      if (((old[bit / 8] ^ fresh[bit / 8]) >> bit % 8 & 1) == 1) {
        disk.flipBit(path, bit);
      }
    }
  }

  private static String newestSnapshot(SimNode<?> node) {
    return node.disk().paths().stream()
        .filter(path -> path.contains("/snapshot-"))
        .reduce((first, last) -> last)
        .orElseThrow();
  }
}
