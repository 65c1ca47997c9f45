package io.quorate.consensus.topic;

import io.quorate.consensus.StormyGroup;
import io.quorate.consensus.topic.TopicCampaign.Service;
import io.quorate.core.pubsub.Delivery;
import io.quorate.core.pubsub.Gap;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.MessageBus;
import io.quorate.core.pubsub.Overflow;
import io.quorate.core.pubsub.Receipt;
import io.quorate.core.pubsub.Redelivery;
import io.quorate.core.pubsub.Retention;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.Subscriber;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** Those who publish and subscribe on each node, in each of its lives; the history has it all. */
final class TopicClients {
  static final String ORDERS = "orders";
  static final String DEDUP = "dedup";
  static final String POISON = "poison";
  static final String DEAD = "poison.dead";
  static final String BOUNDED = "bounded";
  static final String MODELS = "models";

  private static final List<String> TOPICS =
      List.of(ORDERS, ORDERS, DEDUP, POISON, BOUNDED, MODELS);
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int KEYS = 6;

  private final StormyGroup<Service> group;
  private final Simulation simulation;
  private final RandomGenerator random;
  private final List<SimNode<Service>> nodes;
  private final TopicHistory history;
  private final boolean slow;
  private final Map<String, Integer> numbers = new HashMap<>();
  private int texts;

  /** @param slow whether they publish less often, for runs that take long */
  TopicClients(StormyGroup<Service> group, TopicHistory history, boolean slow) {
    this.group = group;
    this.simulation = group.simulation();
    this.random = group.random();
    this.nodes = group.nodes();
    this.history = history;
    this.slow = slow;
  }

  /** Lets them publish and subscribe until the storm is over. */
  void begin() {
    for (int i = 0; i < nodes.size(); i++) {
      int node = i;
      simulation.at(Duration.ofMillis(i), () -> inhabit(node, 0));
      simulation.at(Duration.ofMillis(400 + random.nextInt(100)), () -> publish(node));
    }
    for (int i = 0; i < 2; i++) {
      String producer = "app-" + i;
      simulation.at(Duration.ofMillis(500), () -> publishOnce(producer, 0));
    }
  }

  private Optional<MessageBus> bus(int node, int incarnation) {
    return group.service(node, incarnation).map(Service::topics);
  }

  /** Puts subscribers on a node, again after each of its restarts. */
  private void inhabit(int node, int lastIncarnation) {
    SimNode<Service> at = nodes.get(node);
    if (at.isRunning() && at.incarnation() != lastIncarnation) {
      MessageBus bus = at.service().topics();
      createAll(bus, at.incarnation(), node);
      lastIncarnation = at.incarnation();
    }
    int last = lastIncarnation;
    simulation.at(Duration.ofMillis(20), () -> inhabit(node, last));
  }

  private void createAll(MessageBus bus, int incarnation, int node) {
    Redelivery quick = Redelivery.defaults().withAckTimeout(Duration.ofMillis(300));
    TopicOptions durable = TopicOptions.of(TopicKind.DURABLE).withPartitions(3);
    Map<String, TopicOptions> topics = new TreeMap<>();
    topics.put(ORDERS, durable.withRedelivery(quick.withMaxDeliveries(1_000)));
    topics.put(DEDUP, TopicOptions.of(TopicKind.DEDUP).withPartitions(2));
    topics.put(
        POISON,
        durable.withPartitions(1).withRedelivery(
            quick.withMaxDeliveries(3).withDeadLetterTopic(DEAD)));
    topics.put(
        BOUNDED,
        durable
            .withPartitions(1)
            .withOverflow(Overflow.DROP_OLDEST)
            .withRetention(Retention.defaults().withMaxMessages(12)));
    topics.put(MODELS, durable.asCompacted());
    topics.forEach((topic, options) -> create(bus, node, incarnation, topic, options));
  }

  private void create(
      MessageBus bus, int node, int incarnation, String topic, TopicOptions options) {
    bus.create(topic, options)
        .whenComplete(
            (done, error) -> {
              if (error == null) {
                subscribeTo(bus, node, incarnation, topic);
              } else {
                simulation.at(
                    Duration.ofMillis(100),
                    () ->
                        bus(node, incarnation)
                            .ifPresent(b -> create(b, node, incarnation, topic, options)));
              }
            });
  }

  private void subscribeTo(MessageBus bus, int node, int incarnation, String topic) {
    SubscribeOptions alone = SubscribeOptions.defaults().withStart(StartPosition.EARLIEST);
    SubscribeOptions group = SubscribeOptions.group("g").withCredits(8).acknowledgedByHand();
    if (topic.equals(ORDERS)) {
      subscribe(bus, node, incarnation, topic, group, new Member(node, incarnation, topic));
      subscribe(bus, node, incarnation, topic, alone,
          new Reader(view(topic, node, incarnation), 0));
    } else if (topic.equals(POISON)) {
      subscribe(bus, node, incarnation, topic, group, new Member(node, incarnation, topic));
    } else if (topic.equals(BOUNDED)) {
      SubscribeOptions slow = alone.withCredits(2).acknowledgedByHand();
      subscribe(bus, node, incarnation, topic, slow,
          new Reader(view(topic, node, incarnation), 150));
    }
  }

  private TopicHistory.View view(String topic, int node, int incarnation) {
    TopicHistory.View view = new TopicHistory.View(topic, node, incarnation);
    history.views.add(view);
    return view;
  }

  private void subscribe(
      MessageBus bus,
      int node,
      int incarnation,
      String topic,
      SubscribeOptions options,
      Subscriber subscriber) {
    bus.subscribe(topic, options, subscriber)
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                // Not the same subscriber: one that failed may have been given something.
                simulation.at(
                    Duration.ofMillis(100),
                    () ->
                        bus(node, incarnation)
                            .ifPresent(b -> subscribeTo(b, node, incarnation, topic)));
              }
            });
  }

  /** Settles by hand, mostly in time. */
  private final class Member implements Subscriber {
    private final int node;
    private final int incarnation;
    private final String topic;

    Member(int node, int incarnation, String topic) {
      this.node = node;
      this.incarnation = incarnation;
      this.topic = topic;
    }

    @Override
    public void onDelivery(Delivery delivery) {
      history.given(topic, delivery);
      int dice = random.nextInt(20);
      int millis = dice == 0 && group.isStorming() ? 200 + random.nextInt(600) : random.nextInt(15);
      simulation.at(
          Duration.ofMillis(millis),
          () -> bus(node, incarnation).ifPresent(bus -> settle(delivery)));
    }

    private void settle(Delivery delivery) {
      if (delivery.message().text().endsWith("!")) {
        delivery.nack(Duration.ofMillis(random.nextInt(50)));
        return;
      }
      boolean over = history.isOver(topic, delivery);
      delivery
          .ack()
          .whenComplete(
              (done, error) -> {
                if (error == null) {
                  history.settled(topic, delivery, over);
                } else {
                  history.fenced++;
                }
              });
    }
  }

  /** Reads a topic by itself. */
  private final class Reader implements Subscriber {
    private final TopicHistory.View view;
    private final int maxDelayMillis;

    Reader(TopicHistory.View view, int maxDelayMillis) {
      this.view = view;
      this.maxDelayMillis = maxDelayMillis;
    }

    @Override
    public void onDelivery(Delivery delivery) {
      view.delivered(delivery, history);
      if (maxDelayMillis > 0) {
        simulation.at(
            Duration.ofMillis(random.nextInt(maxDelayMillis)),
            () -> bus(view.node, view.incarnation).ifPresent(bus -> delivery.ack()));
      }
    }

    @Override
    public void onGap(Gap gap) {
      view.gaps.add(gap);
    }

    @Override
    public void onClosed(String reason) {
      view.ended = true;
    }
  }

  /** Publishes a few messages at a time, without waiting for one another. */
  private void publish(int node) {
    if (!group.isStorming()) {
      return;
    }
    SimNode<Service> at = nodes.get(node);
    if (at.isRunning()) {
      String topic = TOPICS.get(random.nextInt(TOPICS.size()));
      for (int i = random.nextInt(6); i >= 0; i--) {
        publish(at.service().topics(), topic, "n" + node + "." + at.incarnation());
      }
    }
    int pauseMillis = slow ? 500 : 40;
    simulation.at(Duration.ofMillis(1 + random.nextInt(pauseMillis)), () -> publish(node));
  }

  private TopicHistory.Published publish(MessageBus bus, String topic, String publisher) {
    String key = "k" + random.nextInt(KEYS);
    String text = "m" + texts++ + (topic.equals(POISON) && random.nextInt(3) == 0 ? "!" : "");
    int number = numbers.merge(publisher + topic, 1, Integer::sum);
    TopicHistory.Published message =
        new TopicHistory.Published(topic, key, text, publisher, number);
    history.published.put(topic + text, message);
    bus.publish(topic, Message.of(text).withKey(key))
        .whenComplete((receipt, error) -> note(message, receipt, error));
    return message;
  }

  private void note(TopicHistory.Published message, Receipt receipt, Throwable error) {
    if (error == null) {
      history.acknowledged(message, receipt);
    } else {
      message.refused = !group.mayHaveTakenEffect(error);
    }
  }

  /** An application with sequences of its own, that publishes on any node until it is told. */
  private void publishOnce(String producer, int sequence) {
    if (!group.isStorming()) {
      return;
    }
    String text = producer + "-" + sequence;
    TopicHistory.Published message =
        new TopicHistory.Published(DEDUP, "k" + sequence % KEYS, text, producer, sequence);
    history.published.put(DEDUP + text, message);
    tryOnce(message, producer, sequence);
  }

  private void tryOnce(TopicHistory.Published message, String producer, int sequence) {
    int node = random.nextInt(nodes.size());
    SimNode<Service> at = nodes.get(node);
    if (!at.isRunning()) {
      simulation.at(Duration.ofMillis(20), () -> tryOnce(message, producer, sequence));
      return;
    }
    Message content =
        Message.of(message.text).withKey(message.key).withProducer(producer, sequence);
    boolean[] went = new boolean[1];
    CompletableFuture<Receipt> future = at.service().topics().publish(DEDUP, content);
    future.whenComplete(
        (receipt, error) -> {
          if (went[0]) {
            return;
          }
          went[0] = true;
          if (error == null) {
            history.acknowledged(message, receipt);
            simulation.at(
                Duration.ofMillis(random.nextInt(slow ? 300 : 30)),
                () -> publishOnce(producer, sequence + 1));
          } else {
            simulation.at(Duration.ofMillis(20), () -> tryOnce(message, producer, sequence));
          }
        });
    // A node that was killed never answers; one that is slow may be overtaken by another.
    simulation.at(
        Duration.ofMillis(300 + random.nextInt(3_000)),
        () -> {
          if (!went[0]) {
            went[0] = true;
            tryOnce(message, producer, sequence);
          }
        });
  }

  /** Liveness: a message published on each node is acknowledged. */
  void publishOnEachNode() {
    boolean[] done = new boolean[nodes.size()];
    for (int i = 0; i < nodes.size(); i++) {
      publishUntilAcknowledged(i, done);
    }
    simulation.runUntil(() -> done[0] && done[1] && done[2], PATIENCE);
  }

  private void publishUntilAcknowledged(int node, boolean[] done) {
    MessageBus bus = nodes.get(node).service().topics();
    TopicHistory.Published message = publish(bus, ORDERS, "last" + node);
    message.onAcknowledged = () -> done[node] = true;
    simulation.at(
        Duration.ofSeconds(4),
        () -> {
          if (!done[node]) {
            publishUntilAcknowledged(node, done);
          }
        });
  }
}
