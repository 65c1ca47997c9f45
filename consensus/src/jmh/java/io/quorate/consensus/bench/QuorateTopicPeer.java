package io.quorate.consensus.bench;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.topic.ReplicatedTopics;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.Overflow;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** This project's topics: three nodes over loopback TCP, fsynced, a subscriber on each. */
final class QuorateTopicPeer implements TopicPeer {
  private static final String TOPIC = "bench";

  private final List<Environment> environments = new ArrayList<>();
  private final List<Raft> rafts = new ArrayList<>();
  private final AtomicLong delivered = new AtomicLong();
  private final ReplicatedTopics publisher;

  QuorateTopicPeer(Path directory) throws Exception {
    List<NodeId> ids = List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));
    for (NodeId id : ids) {
      environments.add(
          Environment.real(
              EnvironmentOptions.of(id, "bench").withDataDirectory(directory.resolve(id.value()))));
    }
    Mesh.connect(environments);
    List<ReplicatedTopics> topics = new ArrayList<>();
    for (Environment environment : environments) {
      Raft raft = Raft.open(environment);
      rafts.add(raft);
      topics.add(ReplicatedTopics.open(raft, "topics", ids));
    }
    TopicOptions options =
        TopicOptions.of(TopicKind.DURABLE).withPartitions(1).withOverflow(Overflow.DROP_OLDEST);
    topics.get(0).create(TOPIC, options).get(30, TimeUnit.SECONDS);
    for (ReplicatedTopics each : topics) {
      each.subscribe(
              TOPIC,
              SubscribeOptions.defaults().withCredits(8_192),
              delivery -> delivered.incrementAndGet())
          .get(30, TimeUnit.SECONDS);
    }
    publisher =
        topics.stream()
            .filter(each -> each.node().status().role() == Role.LEADER)
            .findFirst()
            .orElseThrow();
  }

  @Override
  public CompletableFuture<?> publish(byte[] payload) {
    return publisher.publish(TOPIC, Message.of(payload));
  }

  @Override
  public long delivered() {
    return delivered.get();
  }

  @Override
  public void close() {
    rafts.forEach(Raft::close);
    environments.forEach(Environment::close);
  }
}
