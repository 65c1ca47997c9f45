package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.topic.ReplicatedTopics;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.pubsub.Delivery;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.Receipt;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.replication.checkpoint.CheckpointInfo;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.checkpoint.SaveProgress;
import io.quorate.replication.checkpoint.ShardSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How three regions learn of a new model, on virtual time. */
class ModelUpdatesTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration LONGER_THAN_A_LEASE = Duration.ofSeconds(30);
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final List<NodeId> IDS =
      List.of(NodeId.of("eu"), NodeId.of("us"), NodeId.of("ap"));
  private static final int EU = 0;
  private static final int US = 1;
  private static final int AP = 2;

  private record Region(
      ReplicatedTopics topics, CheckpointStore checkpoints, ModelUpdates updates) {}

  private final Simulation simulation = Simulation.seeded(5);
  private final List<SimNode<Region>> regions = new ArrayList<>();

  @BeforeEach
  void start() {
    IDS.forEach(id -> regions.add(simulation.node(id, ModelUpdatesTest::open)));
    simulation.run(SOON);
  }

  @AfterEach
  void end() {
    simulation.close();
  }

  private static Region open(Environment environment) {
    List<NodeId> peers = IDS.stream().filter(id -> !id.equals(environment.self())).toList();
    peers.forEach(peer -> environment.transport().setPeer(peer, SimNode.addressOf(peer)));
    ReplicatedTopics topics = ReplicatedTopics.open(Raft.open(environment), "updates", IDS);
    CheckpointStore checkpoints =
        CheckpointStore.open(environment, CheckpointOptions.in("c").withPeers(peers, 2));
    return new Region(
        topics, checkpoints, ModelUpdates.follow(environment, topics, checkpoints));
  }

  private Region region(int region) {
    return regions.get(region).service();
  }

  private Model newest(int region) {
    return region(region).updates().newest();
  }

  private <T> T await(CompletableFuture<T> future) {
    return simulation.await(future, LIMIT);
  }

  private void awaitVersion(int region, long version) {
    simulation.runUntil(() -> newest(region).version() == version, LIMIT);
  }

  /** Saves a checkpoint whose only parameter is {@code version}. */
  private CheckpointInfo save(int region, long version) {
    byte[] parameters = new ByteWriter().float32(version).toByteArray();
    return await(
        region(region)
            .checkpoints()
            .save(
                version,
                Map.of(),
                Map.of(ModelUpdated.PARAMETERS, ShardSource.of(parameters)),
                SaveProgress.NONE));
  }

  private void saveAndPublish(int region, long version) {
    save(region, version);
    await(region(region).updates().publish(version));
  }

  @Test
  void what_one_region_publishes_is_fetched_by_every_region() {
    saveAndPublish(US, 1);

    for (int region = 0; region < IDS.size(); region++) {
      awaitVersion(region, 1);
      assertThat(newest(region).parameters()).containsExactly(1);
    }
  }

  @Test
  void a_region_that_was_down_learns_the_newest_when_it_is_back() {
    saveAndPublish(EU, 1);
    awaitVersion(AP, 1);
    regions.get(AP).crash();
    saveAndPublish(EU, 2);
    simulation.run(LONGER_THAN_A_LEASE);

    regions.get(AP).restart();
    assertThat(newest(AP)).isEqualTo(Model.NONE);
    // The control: who asks only for what is published from now on, hears nothing.
    List<Delivery> fromNowOn = new ArrayList<>();
    await(
        region(AP)
            .topics()
            .subscribe(ModelUpdates.TOPIC, SubscribeOptions.defaults(), fromNowOn::add));

    awaitVersion(AP, 2);
    simulation.run(SOON);
    assertThat(fromNowOn).isEmpty();
  }

  @Test
  void a_region_that_was_cut_off_goes_on_with_the_newest_and_never_back() {
    saveAndPublish(EU, 1);
    awaitVersion(AP, 1);
    List<Long> seen = new ArrayList<>();
    simulation.every(Duration.ofMillis(100), () -> seen.add(newest(AP).version()));
    simulation.network().isolate(IDS.get(AP));
    for (long version = 2; version <= 5; version++) {
      saveAndPublish(version % 2 == 0 ? EU : US, version);
    }
    simulation.run(LONGER_THAN_A_LEASE);
    assertThat(newest(AP).version()).isEqualTo(1);
    assertThat(newest(EU).version()).isEqualTo(5);
    simulation.network().heal();

    awaitVersion(AP, 5);
    simulation.run(SOON);
    assertThat(seen).isSorted().startsWith(1L).endsWith(5L);
  }

  @Test
  void a_version_that_is_published_again_elsewhere_is_stored_once_and_comes_not_after_a_newer() {
    saveAndPublish(EU, 1);
    saveAndPublish(US, 2);

    Receipt again = await(region(AP).updates().publish(1));

    assertThat(again.duplicate()).isTrue();
    restart(AP);
    awaitVersion(AP, 2);
  }

  /** The control of the test before. */
  @Test
  void a_version_that_is_not_recognised_would_take_a_region_back() {
    saveAndPublish(EU, 1);
    CheckpointInfo saved = save(US, 2);
    await(region(US).updates().publish(2));

    byte[] former = ModelUpdated.of(1, saved).encode();
    await(region(AP).topics().publish(ModelUpdates.TOPIC, Message.of(former).withKey("served")));

    simulation.run(SOON);
    assertThat(newest(US).version()).isEqualTo(2);
    restart(AP);
    awaitVersion(AP, 1);
  }

  private void restart(int region) {
    regions.get(region).crash();
    regions.get(region).restart();
  }

  @Test
  void what_cannot_be_published_now_can_be_published_by_the_successor() {
    saveAndPublish(EU, 1);
    awaitVersion(EU, 1);
    CheckpointInfo saved = save(EU, 2);
    simulation.network().isolate(IDS.get(EU));
    CompletableFuture<Receipt> unheard = region(EU).updates().publish(2);
    simulation.run(LONGER_THAN_A_LEASE);
    assertThat(unheard).isCompletedExceptionally();

    assertThat(await(region(US).checkpoints().latest())).isEqualTo(Optional.of(saved));
    await(region(US).updates().publish(2));
    awaitVersion(AP, 2);
    assertThat(newest(EU).version()).isEqualTo(1);
    simulation.network().heal();

    awaitVersion(EU, 2);
  }
}
