package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.Role;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.pubsub.Broker;
import io.quorate.core.pubsub.BrokerHost;
import io.quorate.core.pubsub.BusOptions;
import io.quorate.core.pubsub.Inbox;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.MessageBus;
import io.quorate.core.pubsub.Overflow;
import io.quorate.core.pubsub.Receipt;
import io.quorate.core.pubsub.Retention;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is particular to topics on Raft: failover, snapshots, leaving, nodes outside the group. */
class ReplicatedTopicsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private record Service(Raft raft, ReplicatedTopics topics) {}

  private final Simulation simulation = Simulation.seeded(11);
  private final List<NodeId> ids =
      IntStream.range(0, 3).mapToObj(i -> NodeId.of("n" + i)).toList();
  private final List<SimNode<Service>> nodes = new ArrayList<>();

  private void start(RaftOptions options) {
    ids.forEach(id -> nodes.add(simulation.node(id, env -> open(env, options))));
  }

  private Service open(Environment environment, RaftOptions options) {
    connect(environment);
    Raft raft = Raft.open(environment, options);
    return new Service(raft, ReplicatedTopics.open(raft, "topics", ids));
  }

  private void connect(Environment environment) {
    ids.stream()
        .filter(peer -> !peer.equals(environment.self()))
        .forEach(peer -> environment.transport().setPeer(peer, SimNode.addressOf(peer)));
  }

  @AfterEach
  void end() {
    simulation.close();
  }

  private ReplicatedTopics topics(int node) {
    return nodes.get(node).service().topics();
  }

  private int leader() {
    simulation.runUntil(
        () ->
            IntStream.range(0, 3)
                .anyMatch(i -> topics(i).node().status().role() == Role.LEADER),
        LIMIT);
    return IntStream.range(0, 3)
        .filter(i -> topics(i).node().status().role() == Role.LEADER)
        .findFirst()
        .orElseThrow();
  }

  private <T> T await(CompletableFuture<T> future) {
    return simulation.await(future, LIMIT);
  }

  private void publish(MessageBus bus, int from, int to) {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    for (int i = from; i < to; i++) {
      receipts.add(bus.publish("t", Message.of("" + i).withKey("key")));
    }
    receipts.forEach(this::await);
  }

  private static List<String> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(String::valueOf).toList();
  }

  @Test
  void a_replica_that_starts_late_learns_the_newest_model() {
    List<ModelUpdatesExample> examples = new ArrayList<>();
    for (NodeId id : ids.subList(0, 2)) {
      examples.add(example(id));
    }
    simulation.run(Duration.ofSeconds(2));
    examples.get(0).announce("ranker", "v123");
    examples.get(0).announce("ranker", "v124");
    simulation.run(Duration.ofSeconds(60));
    List<String> loaded = new ArrayList<>();

    ModelUpdatesExample late = example(ids.get(2));
    simulation.run(Duration.ofSeconds(2));
    late.follow((model, version) -> loaded.add(model + " " + version));
    simulation.run(Duration.ofSeconds(2));

    assertThat(loaded).containsExactly("ranker v124");
  }

  private ModelUpdatesExample example(NodeId id) {
    SimNode<ModelUpdatesExample> node =
        simulation.node(
            id,
            environment -> {
              connect(environment);
              return new ModelUpdatesExample(environment, ids);
            });
    return node.service();
  }

  @Test
  void the_readme_shows_the_example_that_is_tested() throws IOException {
    String source =
        Files.readString(
            Path.of("src/test/java/io/quorate/consensus/topic/ModelUpdatesExample.java"));
    String shown = source.substring(source.indexOf("final class")).strip();

    assertThat(Files.readString(Path.of("README.md"))).contains(shown);
  }

  @Test
  void a_subscriber_does_not_notice_that_the_leader_was_killed() {
    start(RaftOptions.defaults());
    int leader = leader();
    int other = (leader + 1) % 3;
    await(topics(other).create("t", TopicOptions.of(TopicKind.DURABLE)));
    Inbox inbox = new Inbox();
    await(topics(other).subscribe("t", SubscribeOptions.defaults(), inbox));
    publish(topics(other), 0, 50);
    nodes.get(leader).crash();
    publish(topics(other), 50, 100);

    simulation.runUntil(() -> inbox.deliveries.size() >= 100, LIMIT);
    assertThat(inbox.texts()).isEqualTo(numbers(0, 100));
    assertThat(inbox.closed).isEmpty();
    assertThat(inbox.gaps).isEmpty();
  }

  @Test
  void a_subscriber_beside_a_replica_that_was_given_a_snapshot_goes_on_and_misses_nothing() {
    start(RaftOptions.defaults().withSnapshotLogBytes(4_000));
    int behind = (leader() + 1) % 3;
    await(topics(behind).create("t", TopicOptions.of(TopicKind.DURABLE)));
    Inbox inbox = new Inbox();
    await(topics(behind).subscribe("t", SubscribeOptions.defaults(), inbox));
    simulation.network().isolate(ids.get(behind));
    simulation.run(Duration.ofSeconds(2));
    MessageBus there = topics((behind + 1) % 3);
    for (int i = 0; i < 500; i += 50) {
      publish(there, i, i + 50);
      simulation.run(Duration.ofMillis(500));
    }
    simulation.network().heal();

    simulation.runUntil(
        () -> inbox.texts().stream().distinct().count() >= 500, LIMIT);
    assertThat(inbox.texts().stream().distinct()).isEqualTo(numbers(0, 500));
  }

  @Test
  void a_node_that_leaves_in_order_hands_its_partitions_over_at_once() {
    start(RaftOptions.defaults());
    int leaving = (leader() + 1) % 3;
    int staying = (leaving + 1) % 3;
    await(topics(staying).create("t", TopicOptions.of(TopicKind.DURABLE).withPartitions(1)));
    Inbox first = new Inbox();
    Inbox second = new Inbox();
    await(topics(leaving).subscribe("t", SubscribeOptions.group("g"), first));
    await(topics(staying).subscribe("t", SubscribeOptions.group("g"), second));
    publish(topics(staying), 0, 5);
    simulation.runUntil(() -> first.deliveries.size() >= 5, LIMIT);
    simulation.run(Duration.ofSeconds(1));

    topics(leaving).close();
    simulation.run(Duration.ofSeconds(1));
    publish(topics(staying), 5, 10);
    simulation.run(Duration.ofSeconds(1));

    assertThat(second.texts()).isEqualTo(numbers(5, 10));
    CompletableFuture<Receipt> late = topics(leaving).publish("t", Message.of("late"));
    simulation.run(Duration.ofSeconds(1));
    assertThat(late).isCompletedExceptionally();
    assertThat(topics(leaving).node().failure()).isPresent();
  }

  @Test
  void a_node_without_a_majority_refuses_or_does_not_know_within_the_time_limit() {
    start(RaftOptions.defaults());
    int leader = leader();
    await(topics(leader).create("t", TopicOptions.of(TopicKind.DURABLE)));
    simulation.network().isolate(ids.get(leader));

    CompletableFuture<Receipt> future = topics(leader).publish("t", Message.of("x"));
    simulation.run(Duration.ofSeconds(21));

    assertThat(future).isCompletedExceptionally();
  }

  @Test
  void a_message_larger_than_a_log_entry_is_refused_and_names_its_size() {
    start(RaftOptions.defaults());
    leader();
    int bytes = 2 << 20;
    Retention large = Retention.defaults().withMaxBytes(64 << 20);
    await(
        topics(0)
            .create(
                "t",
                TopicOptions.of(TopicKind.DURABLE)
                    .withRetention(large)
                    .withMaxMessageBytes(bytes)));

    CompletableFuture<Receipt> future = topics(0).publish("t", Message.of(new byte[bytes]));
    simulation.runUntil(future::isDone, LIMIT);

    Throwable failure = future.handle((receipt, error) -> error).join();
    assertThat(failure).isInstanceOf(RefusedException.class).hasMessageContaining("2097");
  }

  @Test
  void a_node_outside_the_group_uses_a_member_s_broker() {
    start(RaftOptions.defaults());
    leader();
    BrokerHost.open(nodes.get(0).environment(), topics(0).broker(), "updates");
    SimNode<MessageBus> client =
        simulation.node(
            NodeId.of("client"),
            environment -> {
              connect(environment);
              Broker broker = Broker.remote(environment, ids.get(0), "updates", LIMIT);
              return MessageBus.on(environment, broker, BusOptions.defaults());
            });
    await(client.service().create("t", TopicOptions.of(TopicKind.DURABLE)));
    Inbox inbox = new Inbox();
    await(topics(2).subscribe("t", SubscribeOptions.defaults(), inbox));

    publish(client.service(), 0, 10);

    simulation.runUntil(() -> inbox.deliveries.size() >= 10, LIMIT);
    assertThat(inbox.texts()).isEqualTo(numbers(0, 10));
  }

  @Test
  void a_subscriber_that_settles_nothing_holds_up_nobody_and_is_told_what_it_missed() {
    start(RaftOptions.defaults().withSnapshotLogBytes(64 << 10));
    leader();
    await(
        topics(0)
            .create(
                "t",
                TopicOptions.of(TopicKind.DURABLE)
                    .withPartitions(1)
                    .withOverflow(Overflow.DROP_OLDEST)
                    .withRetention(Retention.defaults().withMaxMessages(100))));
    Inbox stuck = new Inbox();
    Inbox quick = new Inbox();
    SubscribeOptions early = SubscribeOptions.defaults().withStart(StartPosition.EARLIEST);
    await(topics(1).subscribe("t", early.withCredits(4).acknowledgedByHand(), stuck));
    await(topics(2).subscribe("t", early, quick));

    for (int i = 0; i < 2_000; i += 50) {
      publish(topics(0), i, i + 50);
    }

    simulation.runUntil(() -> quick.deliveries.size() >= 2_000, LIMIT);
    assertThat(quick.texts()).isEqualTo(numbers(0, 2_000));
    assertThat(stuck.deliveries).hasSize(4);
    stuck.deliveries.forEach(delivery -> delivery.ack());
    simulation.runUntil(() -> !stuck.gaps.isEmpty(), LIMIT);
    assertThat(stuck.gaps.get(0).fromSequence()).isEqualTo(4);
    assertThat(stuck.gaps.get(0).toSequence()).isEqualTo(1_900);
  }
}
