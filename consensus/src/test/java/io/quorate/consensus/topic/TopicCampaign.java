package io.quorate.consensus.topic;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.Role;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.pubsub.BusOptions;
import io.quorate.core.pubsub.DeadLetterReason;
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
import io.quorate.core.pubsub.Subscription;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import io.quorate.core.sim.DiskOptions;
import io.quorate.core.sim.NetworkOptions;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.sim.SimulationOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * One seed of replicated topics on three nodes: publishers and subscribers on each of them, leaders
 * killed, nodes crashed with what they had not synced, partitions, pauses, slow and failing disks,
 * snapshots. Then everything heals, and what was promised must be there; see {@link TopicHistory}.
 */
final class TopicCampaign implements AutoCloseable {
  /** How a seed is played. */
  record Style(Duration storm, boolean durable, boolean leaderKillsOnly) {
    static final Style STORM = new Style(Duration.ofSeconds(6), true, false);
  }

  static final String ORDERS = "orders";
  static final String DEDUP = "dedup";
  static final String POISON = "poison";
  static final String DEAD = "poison.dead";
  static final String BOUNDED = "bounded";
  static final String MODELS = "models";

  private static final List<String> TOPICS =
      List.of(ORDERS, ORDERS, DEDUP, POISON, BOUNDED, MODELS);
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int ROUNDS_TO_CONVERGE = 120;
  private static final int KEYS = 6;

  private record Service(Raft raft, ReplicatedTopics topics) {}

  private final Simulation simulation;
  private final RandomGenerator random;
  private final Style style;
  private final List<NodeId> ids =
      IntStream.range(0, 3).mapToObj(i -> NodeId.of("n" + i)).toList();
  private final List<SimNode<Service>> nodes = new ArrayList<>();
  private final TopicHistory history = new TopicHistory();
  private final Map<String, Integer> numbers = new HashMap<>();
  private boolean storming = true;
  private int texts;
  private int leaderKills;

  TopicCampaign(long seed, Style style) {
    this.style = style;
    DiskOptions disk = DiskOptions.defaults().withSlowSync(seed % 3 == 0 ? 0.05 : 0.001);
    NetworkOptions network = NetworkOptions.lan();
    if (seed % 4 == 0) {
      network = network.withLoss(0.02).withCorruption(0.0005);
    }
    simulation =
        Simulation.of(SimulationOptions.seeded(seed).withDisk(disk).withNetwork(network));
    random = simulation.random("campaign");
    RaftOptions raft =
        RaftOptions.defaults()
            .withOperationTimeout(Duration.ofSeconds(2))
            .withMaxCommandBytes(64 << 10)
            .withSnapshotLogBytes(random.nextBoolean() ? 8_000 : 1 << 20);
    RaftOptions kept = style.durable() ? raft : raft.unsafeInMemory();
    TopicsOptions options =
        TopicsOptions.defaults()
            .withMaxCommandBytes(32 << 10)
            .withBatches(1 + random.nextInt(2_000), 1 + random.nextInt(4));
    for (NodeId id : ids) {
      SimNode<Service> node = simulation.node(id, env -> open(env, kept, options));
      node.clock().driftPpm(random.nextInt(60_000) - 30_000);
      nodes.add(node);
    }
  }

  /** Runs the seed; a failure names it. */
  static TopicCampaign run(long seed, Style style) {
    TopicCampaign campaign = new TopicCampaign(seed, style);
    try {
      campaign.play();
      return campaign;
    } catch (Throwable e) {
      campaign.close();
      throw new AssertionError(
          "seed " + seed + " (TopicCampaign.run(" + seed + ", " + style + ")): " + e, e);
    }
  }

  /** For who has the class from another loader. */
  static void run(long seed) {
    run(seed, Style.STORM).close();
  }

  int acknowledged() {
    return history.acknowledged;
  }

  int fenced() {
    return history.fenced;
  }

  int leaderKills() {
    return leaderKills;
  }

  long virtualMillis() {
    return simulation.nowNanos() / 1_000_000;
  }

  long digest() {
    return simulation.digest();
  }

  @Override
  public void close() {
    simulation.close();
  }

  private Service open(Environment environment, RaftOptions raftOptions, TopicsOptions options) {
    ids.stream()
        .filter(id -> !id.equals(environment.self()))
        .forEach(id -> environment.transport().setPeer(id, SimNode.addressOf(id)));
    Raft raft = Raft.open(environment, raftOptions);
    BusOptions bus =
        ReplicatedTopics.busDefaults()
            .withTimeout(Duration.ofSeconds(3))
            .withLease(Duration.ofSeconds(2))
            .withBatch(1 + random.nextInt(64), 16 << 10);
    return new Service(raft, ReplicatedTopics.open(raft, "topics", ids, options, bus));
  }

  private void play() {
    for (int i = 0; i < nodes.size(); i++) {
      int node = i;
      simulation.at(Duration.ofMillis(i), () -> inhabit(node, 0));
      simulation.at(Duration.ofMillis(400 + random.nextInt(100)), () -> publish(node));
    }
    for (int i = 0; i < 2; i++) {
      String producer = "app-" + i;
      simulation.at(Duration.ofMillis(500), () -> publishOnce(producer, 0));
    }
    simulation.at(Duration.ofMillis(600), this::disturb);
    simulation.every(Duration.ofMillis(100), this::supervise);
    simulation.run(style.storm());
    heal();
    settle();
    check();
  }

  // Clients.

  private Optional<MessageBus> bus(int node, int incarnation) {
    SimNode<Service> at = nodes.get(node);
    boolean same = at.isRunning() && at.incarnation() == incarnation;
    return same ? Optional.of(at.service().topics()) : Optional.empty();
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
      int millis = dice == 0 && storming ? 200 + random.nextInt(600) : random.nextInt(15);
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
    if (!storming) {
      return;
    }
    SimNode<Service> at = nodes.get(node);
    if (at.isRunning()) {
      String topic = TOPICS.get(random.nextInt(TOPICS.size()));
      for (int i = random.nextInt(6); i >= 0; i--) {
        publish(at.service().topics(), topic, "n" + node + "." + at.incarnation());
      }
    }
    int pauseMillis = style.leaderKillsOnly() ? 500 : 40;
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
      message.refused = !mayHaveTakenEffect(error);
    }
  }

  private boolean mayHaveTakenEffect(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (cause instanceof OperationException known) {
      return known.mayHaveTakenEffect();
    }
    history.violated("not an operation's failure: " + cause);
    return true;
  }

  /** An application with sequences of its own, that publishes on any node until it is told. */
  private void publishOnce(String producer, int sequence) {
    if (!storming) {
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
                Duration.ofMillis(random.nextInt(style.leaderKillsOnly() ? 300 : 30)),
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

  // Faults.

  private void disturb() {
    if (!storming) {
      return;
    }
    SimNode<Service> node = nodes.get(random.nextInt(nodes.size()));
    SimNode<Service> other = nodes.get(random.nextInt(nodes.size()));
    switch (style.leaderKillsOnly() ? 0 : random.nextInt(16)) {
      case 0, 1, 2 ->
          leader().ifPresent(
              leader -> {
                leaderKills++;
                leader.crash();
              });
      case 3 -> node.crash();
      case 4 -> node.pause(Duration.ofMillis(50 + random.nextInt(1_500)));
      case 5 -> simulation.network().isolate(node.id());
      case 6 -> simulation.network().block(node.id(), other.id());
      case 7 -> simulation.network().bridge(node.id());
      case 8 -> simulation.network().breakConnections(node.id(), other.id());
      case 9 -> node.disk().stall(Duration.ofMillis(random.nextInt(2_000)));
      case 10 -> node.disk().failNextSync();
      case 11 -> node.clock().jumpWall(Duration.ofSeconds(random.nextInt(7_200) - 3_600));
      case 12 -> leader().ifPresent(leader -> leader.service().topics().node().resign());
      case 13 -> {
        if (random.nextInt(4) == 0) {
          nodes.forEach(SimNode::crash);
        }
      }
      default -> simulation.network().heal();
    }
    for (SimNode<Service> down : nodes) {
      if (style.leaderKillsOnly() || random.nextInt(3) > 0) {
        down.restart();
      }
    }
    simulation.at(Duration.ofMillis(100 + random.nextInt(600)), this::disturb);
  }

  /** Starts a process anew whose group had to stop, as whoever runs it would. */
  private void supervise() {
    for (SimNode<Service> node : nodes) {
      if (node.isRunning() && raftOf(node).failure().isPresent()) {
        node.crash();
        node.restart();
      }
    }
  }

  private static RaftNode<?, ?, ?> raftOf(SimNode<Service> node) {
    return node.service().topics().node();
  }

  private Optional<SimNode<Service>> leader() {
    return nodes.stream()
        .filter(SimNode::isRunning)
        .filter(node -> raftOf(node).status().role() == Role.LEADER)
        .findFirst();
  }

  private void heal() {
    storming = false;
    simulation.buggify(false);
    simulation.network().heal();
    simulation.network().options(NetworkOptions.lan());
    for (SimNode<Service> node : nodes) {
      node.disk().heal();
      node.resume();
      node.restart();
    }
  }

  // What must hold.

  /** Liveness: a message published on each node is acknowledged. */
  private void settle() {
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

  private void check() {
    List<SortedMap<TopicHistory.Place, String>> early = readEverywhere();
    converge(early, List.of(early.get(0)));
    // Whatever comes late would be too much; and who begins now sees what all have in the end.
    simulation.run(Duration.ofSeconds(1));
    List<SortedMap<TopicHistory.Place, String>> logs = readEverywhere();
    converge(logs, early);
    SortedMap<TopicHistory.Place, String> log = logs.get(0);
    Set<String> letters = letters(log);
    history.checkLateOnesWereGivenUp(
        place -> place.topic().equals(POISON) && letters.contains(log.get(place)));
    history.checkNothingWasViolated();
    history.checkLog(log, Set.of(BOUNDED, MODELS));
    for (SortedMap<TopicHistory.Place, String> other : logs) {
      if (!other.equals(log)) {
        throw new AssertionError("replicas differ: " + log.size() + " and " + other.size());
      }
    }
    if (!unhandled(log).isEmpty()) {
      throw new AssertionError("no member of the group was given " + unhandled(log));
    }
    checkModels(log);
    checkDeadLetters(log);
    checkViews(log);
  }

  private List<SortedMap<TopicHistory.Place, String>> readEverywhere() {
    return nodes.stream().map(this::readAll).toList();
  }

  private void converge(
      List<SortedMap<TopicHistory.Place, String>> logs,
      List<SortedMap<TopicHistory.Place, String>> atLeast) {
    for (int i = 0; i < ROUNDS_TO_CONVERGE; i++) {
      boolean complete =
          atLeast.stream()
              .allMatch(log -> kept(logs.get(0)).keySet().containsAll(kept(log).keySet()));
      if (complete && hasConverged(logs)) {
        return;
      }
      simulation.run(Duration.ofMillis(500));
    }
  }

  /** Without what later messages may have taken the place of. */
  private static SortedMap<TopicHistory.Place, String> kept(
      SortedMap<TopicHistory.Place, String> log) {
    SortedMap<TopicHistory.Place, String> kept = new TreeMap<>(log);
    kept.keySet().removeIf(p -> p.topic().equals(BOUNDED) || p.topic().equals(MODELS));
    return kept;
  }

  /** Everything that a subscriber on {@code node} is given, from the beginning. */
  private SortedMap<TopicHistory.Place, String> readAll(SimNode<Service> node) {
    SortedMap<TopicHistory.Place, String> log = new TreeMap<>();
    CompletableFuture<Subscription> subscribed =
        node.service()
            .topics()
            .subscribe(
                "**",
                SubscribeOptions.defaults().withStart(StartPosition.EARLIEST),
                delivery -> {
                  if (isOfTheGroup(delivery.message())) {
                    log.put(TopicHistory.place(delivery), delivery.message().text());
                  }
                });
    simulation.await(subscribed, PATIENCE);
    return log;
  }

  /** Readers without a group may have given up messages as well: those letters do not count. */
  private static boolean isOfTheGroup(Message message) {
    return DeadLetterReason.of(message).map(why -> why.group().equals("g")).orElse(true);
  }

  private boolean hasConverged(List<SortedMap<TopicHistory.Place, String>> logs) {
    SortedMap<TopicHistory.Place, String> log = logs.get(0);
    return logs.stream().allMatch(other -> kept(other).equals(kept(log)))
        && unhandled(log).isEmpty()
        && withoutDeadLetter(log).isEmpty();
  }

  /** What was neither given to a member of the group nor given up on the way there. */
  private List<TopicHistory.Place> unhandled(SortedMap<TopicHistory.Place, String> log) {
    Set<String> letters = letters(log);
    return log.keySet().stream()
        .filter(place -> place.topic().equals(ORDERS) || place.topic().equals(POISON))
        .filter(place -> !history.wasGiven(place))
        .filter(place -> place.topic().equals(ORDERS) || !letters.contains(log.get(place)))
        .toList();
  }

  /** A late subscriber knows of each key the newest value, or one that nobody was told of. */
  private void checkModels(SortedMap<TopicHistory.Place, String> log) {
    Map<String, Long> newest = new HashMap<>();
    log.forEach(
        (place, text) -> {
          if (place.topic().equals(MODELS)) {
            TopicHistory.Published message = history.published.get(MODELS + text);
            if (newest.put(message.key, place.sequence()) != null) {
              throw new AssertionError("two values of " + message.key);
            }
          }
        });
    for (TopicHistory.Published each : history.published.values()) {
      if (each.topic.equals(MODELS)
          && each.receipt != null
          && newest.getOrDefault(each.key, -1L) < each.receipt.sequence()) {
        throw new AssertionError("the newest value of " + each.key + " is older than " + each.text);
      }
    }
  }

  private void checkDeadLetters(SortedMap<TopicHistory.Place, String> log) {
    List<String> missing = withoutDeadLetter(log);
    if (!missing.isEmpty()) {
      throw new AssertionError("no dead letters of " + missing);
    }
  }

  private static Set<String> letters(SortedMap<TopicHistory.Place, String> log) {
    Set<String> letters = new HashSet<>();
    log.forEach(
        (place, text) -> {
          if (place.topic().equals(DEAD)) {
            letters.add(text);
          }
        });
    return letters;
  }

  /** What nobody can handle, was acknowledged, and is not among the dead letters. */
  private List<String> withoutDeadLetter(SortedMap<TopicHistory.Place, String> log) {
    Set<String> letters = letters(log);
    return history.published.values().stream()
        .filter(each -> each.receipt != null && each.topic.equals(POISON))
        .map(each -> each.text)
        .filter(text -> text.endsWith("!") && !letters.contains(text))
        .toList();
  }

  private void checkViews(SortedMap<TopicHistory.Place, String> log) {
    Map<String, SortedMap<TopicHistory.Place, String>> keys = new HashMap<>();
    log.forEach(
        (place, text) -> {
          TopicHistory.Published message = history.published.get(place.topic() + text);
          if (message != null) {
            keys.computeIfAbsent(place.topic(), topic -> new TreeMap<>()).put(place, message.key);
          }
        });
    // What was dropped since is known by its receipt.
    for (TopicHistory.Published each : history.published.values()) {
      if (each.topic.equals(BOUNDED) && each.receipt != null) {
        keys.computeIfAbsent(BOUNDED, topic -> new TreeMap<>())
            .put(new TopicHistory.Place(BOUNDED, 0, each.receipt.sequence()), each.key);
      }
    }
    for (TopicHistory.View view : history.views) {
      boolean stillThere = !view.ended && bus(view.node, view.incarnation).isPresent();
      view.checkNothingIsSilentlyMissing(keys.get(view.topic), stillThere);
    }
  }
}
