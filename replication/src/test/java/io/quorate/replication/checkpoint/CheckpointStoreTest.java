package io.quorate.replication.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Item P34 over the whole store: parallel saves, back-pressure, progress, copies on peers. */
class CheckpointStoreTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final List<NodeId> IDS = List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));

  /** Three nodes that keep each checkpoint on two of them. */
  private static final class Cluster implements AutoCloseable {
    final Simulation simulation;
    final List<SimNode<CheckpointStore>> nodes = new ArrayList<>();

    Cluster(long seed, int copies) {
      simulation = Simulation.seeded(seed);
      for (NodeId id : IDS) {
        nodes.add(
            simulation.node(
                id,
                environment -> {
                  List<NodeId> peers = IDS.stream().filter(peer -> !peer.equals(id)).toList();
                  peers.forEach(
                      peer -> environment.transport().setPeer(peer, SimNode.addressOf(peer)));
                  CheckpointOptions options = CheckpointOptions.in("checkpoints");
                  return CheckpointStore.open(
                      environment, copies == 1 ? options : options.withPeers(peers, copies));
                }));
      }
    }

    CheckpointStore store(int node) {
      return nodes.get(node).service();
    }

    <T> T await(CompletableFuture<T> future) {
      return simulation.await(future, MINUTE);
    }

    CheckpointInfo save(int node, long step) {
      return await(store(node).save(step, Map.of("step", "" + step), shards(step), SaveProgress.NONE));
    }

    byte[] read(int node, CheckpointInfo info, String shard) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      await(store(node).read(info, shard, out));
      return out.toByteArray();
    }

    @Override
    public void close() {
      simulation.close();
    }
  }

  private static byte[] bytes(long step, int shard) {
    byte[] bytes = new byte[700_000 + shard];
    java.util.Arrays.fill(bytes, (byte) (step * 10 + shard));
    return bytes;
  }

  private static Map<String, ShardSource> shards(long step) {
    return Map.of(
        "w0", ShardSource.of(bytes(step, 0)),
        "w1", ShardSource.of(bytes(step, 1)),
        "empty", ShardSource.of(new byte[0]));
  }

  @Test
  void a_checkpoint_is_saved_listed_and_read_and_progress_is_told() {
    try (Cluster cluster = new Cluster(1, 1)) {
      List<String> told = new ArrayList<>();
      CheckpointInfo info =
          cluster.await(
              cluster.store(0).save(
                  7,
                  Map.of(),
                  shards(7),
                  new SaveProgress() {
                    @Override
                    public void shardWritten(ShardInfo shard, int done, int total) {
                      told.add(done + " of " + total);
                    }

                    @Override
                    public void committed(CheckpointInfo info) {
                      told.add("committed");
                    }
                  }));

      assertThat(told).containsExactly("1 of 3", "2 of 3", "3 of 3", "committed");
      assertThat(cluster.await(cluster.store(0).list())).containsExactly(info);
      assertThat(cluster.await(cluster.store(0).latest())).contains(info);
      assertThat(cluster.read(0, info, "w1")).isEqualTo(bytes(7, 1));
      assertThat(cluster.read(0, info, "empty")).isEmpty();
    }
  }

  @Test
  void one_shard_that_fails_fails_all_and_leaves_nothing() {
    try (Cluster cluster = new Cluster(2, 1)) {
      Map<String, ShardSource> shards =
          Map.of(
              "good",
              ShardSource.of(new byte[10]),
              "bad",
              out -> {
                throw new IOException("the tensor is gone");
              });

      assertThatThrownBy(
              () -> cluster.await(cluster.store(0).save(1, Map.of(), shards, SaveProgress.NONE)))
          .hasCauseInstanceOf(RefusedException.class)
          .hasMessageContaining("the tensor is gone");
      cluster.simulation.run(Duration.ofSeconds(1));
      assertThat(cluster.await(cluster.store(0).latest())).isEmpty();
      assertThat(cluster.nodes.get(0).disk().paths()).noneMatch(path -> path.contains("shard-"));
    }
  }

  @Test
  void more_saves_than_may_be_in_flight_are_refused_at_once() {
    try (Cluster cluster = new Cluster(3, 1)) {
      List<CompletableFuture<CheckpointInfo>> saves = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        saves.add(cluster.store(0).save(i, Map.of(), shards(i), SaveProgress.NONE));
      }

      assertThatThrownBy(() -> cluster.await(saves.get(2)))
          .hasCauseInstanceOf(RefusedException.class);
      assertThat(cluster.await(saves.get(0)).step()).isZero();
      assertThat(cluster.await(saves.get(1)).step()).isEqualTo(1);
    }
  }

  @Test
  void a_node_that_lost_its_disk_restores_the_newest_from_a_peer() {
    try (Cluster cluster = new Cluster(4, 2)) {
      cluster.save(0, 1);
      CheckpointInfo newest = cluster.save(0, 2);
      cluster.nodes.get(0).wipe();
      cluster.nodes.get(0).restart();

      assertThat(cluster.await(cluster.store(0).latest())).contains(newest);
      assertThat(cluster.read(0, newest, "w0")).isEqualTo(bytes(2, 0));
      CheckpointInfo next = cluster.save(0, 3);
      assertThat(next.id()).isGreaterThan(newest.id());
    }
  }

  @Test
  void another_node_goes_on_from_the_newest_though_its_copy_is_damaged() {
    try (Cluster cluster = new Cluster(5, 3)) {
      CheckpointInfo info = cluster.save(0, 1);
      cluster.nodes.get(1).disk().flipBit("checkpoints/" + info.id() + "/shard-w0", 77);

      assertThat(cluster.await(cluster.store(1).latest())).contains(info);
      assertThat(cluster.read(1, info, "w0")).isEqualTo(bytes(1, 0));
    }
  }

  /** Whoever has been given copies must not count from where it had last saved itself. */
  @Test
  void what_a_successor_saves_is_newer_than_the_copies_that_it_was_given() {
    try (Cluster cluster = new Cluster(4, 3)) {
      for (long step = 1; step <= 3; step++) {
        cluster.save(0, step);
      }
      cluster.await(cluster.store(1).latest());

      CheckpointInfo successors = cluster.save(1, 4);

      for (int node = 0; node < IDS.size(); node++) {
        assertThat(cluster.await(cluster.store(node).latest())).contains(successors);
      }
    }
  }

  @Test
  void too_few_copies_are_indeterminate_and_too_few_answers_are_refused() {
    try (Cluster cluster = new Cluster(6, 2)) {
      cluster.simulation.network().isolate(IDS.get(0));

      assertThatThrownBy(() -> cluster.save(0, 1)).hasCauseInstanceOf(IndeterminateException.class);
      assertThatThrownBy(() -> cluster.await(cluster.store(0).latest()))
          .hasCauseInstanceOf(RefusedException.class);
      cluster.simulation.network().heal();
      cluster.simulation.run(Duration.ofSeconds(5));
      assertThat(cluster.await(cluster.store(1).latest()).map(CheckpointInfo::step))
          .isEqualTo(Optional.of(1L));
    }
  }

  @Test
  void saving_collecting_and_reading_at_once_harm_nobody() {
    try (Cluster cluster = new Cluster(7, 1)) {
      CheckpointInfo first = cluster.save(0, 1);
      for (int step = 2; step < 8; step++) {
        CompletableFuture<?> save =
            cluster.store(0).save(step, Map.of(), shards(step), SaveProgress.NONE);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CompletableFuture<Void> read = cluster.store(0).read(first, "w0", out);
        CompletableFuture<List<CheckpointId>> collected = cluster.store(0).collect();
        cluster.await(save);
        cluster.await(collected);
        if (step < 4) {
          cluster.await(read);
          assertThat(out.toByteArray()).isEqualTo(bytes(1, 0));
        }
      }
      cluster.await(cluster.store(0).collect());

      assertThat(cluster.await(cluster.store(0).list()).stream().map(CheckpointInfo::step))
          .containsExactly(7L, 6L, 5L);
    }
  }
}
