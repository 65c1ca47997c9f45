package io.quorate.consensus.topic;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.Broker;
import io.quorate.core.pubsub.BusOptions;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.MessageBus;
import io.quorate.core.pubsub.Receipt;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.Subscriber;
import io.quorate.core.pubsub.Subscription;
import io.quorate.core.pubsub.TopicOptions;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;

/**
 * A bus whose topics every node of a Raft group holds. What it acknowledges is on the disks of a
 * majority and survives the loss of any minority of nodes, and of power on all.
 *
 * <pre>{@code
 * MessageBus bus = ReplicatedTopics.open(raft, "updates", members);
 * bus.create("model.updated", TopicOptions.of(TopicKind.DURABLE).asCompacted());
 * bus.publish("model.updated", Message.of("v124").withKey("ranker"));
 * }</pre>
 *
 * <p>Publish and subscribe on any node of the group: commands are routed to the leader and tried
 * again when it changes; messages reach a subscriber from the replica beside it once they are
 * committed. Group positions, leases, redelivery, recognised producers and retention are part of
 * the replicated state and decided by log time, which stands still while there is no leader.
 *
 * <p>Safe for use by many threads.
 */
public final class ReplicatedTopics implements MessageBus {
  private static final int MAX_BATCH = 1_024;
  private static final int MAX_BATCH_BYTES = 256 << 10;

  private final Environment environment;
  private final RaftNode<TopicCommand, TopicResult, TopicMachine> node;
  private final RaftBroker broker;
  private final MessageBus bus;

  private ReplicatedTopics(
      Environment environment,
      RaftNode<TopicCommand, TopicResult, TopicMachine> node,
      RaftBroker broker,
      BusOptions options) {
    this.environment = environment;
    this.node = node;
    this.broker = broker;
    this.bus = MessageBus.on(environment, broker, options);
  }

  /**
   * This node's part in the topics called {@code name}, with {@link TopicsOptions#defaults} and a
   * bus with {@link #busDefaults}. Returns at once; what is published before there is a leader
   * waits for one.
   *
   * @param name of the Raft group; at most 40 characters
   * @param members the voters that the group begins with, the same on each of them; none for a node
   *     that is to be added later
   */
  public static ReplicatedTopics open(Raft raft, String name, Collection<NodeId> members) {
    return open(raft, name, members, TopicsOptions.defaults(), busDefaults());
  }

  /** As {@link #open(Raft, String, Collection)}, with options. */
  public static ReplicatedTopics open(
      Raft raft,
      String name,
      Collection<NodeId> members,
      TopicsOptions options,
      BusOptions busOptions) {
    Environment environment = raft.environment();
    Listeners listeners = new Listeners();
    RaftNode<TopicCommand, TopicResult, TopicMachine> node =
        raft.group(name)
            .members(members)
            .start(new TopicMachine(listeners), TopicCommand.CODEC, TopicResult.CODEC);
    long once = environment.random("topics/" + name).nextLong();
    Outbound outbound =
        new Outbound(
            String.format("s%016x", once),
            environment.eventLoop("topics"),
            environment.clock(),
            options,
            node::submit);
    environment
        .metrics()
        .gauge("topics_queued_bytes", outbound::queuedBytes, "group", name);
    return new ReplicatedTopics(
        environment, node, new RaftBroker(node, outbound, listeners), busOptions);
  }

  /**
   * {@link BusOptions#defaults} with batches of 1,024 messages and 256 KiB, so that a batch fits
   * into a log entry however its text is encoded.
   */
  public static BusOptions busDefaults() {
    return BusOptions.defaults().withBatch(MAX_BATCH, MAX_BATCH_BYTES);
  }

  /** One more bus on this node's replica, to be closed by the caller; its name must be its own. */
  public MessageBus bus(BusOptions options) {
    return MessageBus.on(environment, broker, options);
  }

  /** The broker underneath, for buses of nodes that are not in the group. */
  public Broker broker() {
    return broker;
  }

  /** The group underneath, for its status, its members and its snapshots. */
  public RaftNode<?, ?, ?> node() {
    return node;
  }

  @Override
  public CompletableFuture<Void> create(String topic, TopicOptions options) {
    return bus.create(topic, options);
  }

  @Override
  public CompletableFuture<Receipt> publish(String topic, Message message) {
    return bus.publish(topic, message);
  }

  @Override
  public CompletableFuture<Subscription> subscribe(
      String pattern, SubscribeOptions options, Subscriber subscriber) {
    return bus.subscribe(pattern, options, subscriber);
  }

  @Override
  public CompletableFuture<Void> dropGroup(String topic, String group) {
    return bus.dropGroup(topic, group);
  }

  @Override
  public CompletableFuture<Message> request(String topic, Message message, Duration deadline) {
    return bus.request(topic, message, deadline);
  }

  /**
   * Closes the bus and takes no part any more, a second later at the latest. Not the {@link Raft}
   * that it was opened on.
   */
  @Override
  public void close() {
    bus.close();
    broker.close();
  }
}
