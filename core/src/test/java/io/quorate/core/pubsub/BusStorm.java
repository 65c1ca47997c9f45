package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.FaultInjector;
import io.quorate.core.sim.FaultPlan;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * Buses on several nodes and their durable broker on another, under faults. The first node is the
 * broker's; each other one publishes, and is a member of a group, a subscriber by itself, and a
 * subscriber that settles nothing.
 *
 * <p>What must hold is written down in {@link BusLedger}, and checked while it happens and after
 * all faults have ended.
 */
final class BusStorm {
  static final String MEMORY = "memory";
  static final String DURABLE = "durable";
  static final String DEDUP = "dedup";
  static final String MODELS = "models";
  static final int STUCK_CREDITS = 5;

  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final BusOptions BUS =
      BusOptions.defaults()
          .withTimeout(Duration.ofSeconds(2))
          .withLease(Duration.ofSeconds(3));
  private static final Redelivery PATIENT =
      Redelivery.defaults().withMaxDeliveries(1_000).withAckTimeout(Duration.ofSeconds(2));

  private final Simulation sim;
  private final FaultPlan plan;
  private final NodeId hostId;
  private final BusLedger ledger = new BusLedger();
  private int clientCount;

  BusStorm(Simulation sim, FaultPlan plan) {
    this.sim = sim;
    this.plan = plan;
    this.hostId = plan.nodes().get(0);
  }

  /** One start of a client. */
  private final class Client {
    final MessageBus bus;
    final String name;
    final List<CompletableFuture<?>> futures = new ArrayList<>();
    final SortedMap<String, String> models = new TreeMap<>();

    Client(Environment environment) {
      name = environment.self() + "#" + clientCount++;
      environment.transport().setPeer(hostId, SimNode.addressOf(hostId));
      Broker broker = Broker.remote(environment, hostId, "main", Duration.ofSeconds(2));
      bus = MessageBus.on(environment, broker, BUS);
      for (TopicKind kind : TopicKind.values()) {
        TopicOptions options = TopicOptions.of(kind).withPartitions(3).withRedelivery(PATIENT);
        String topic = kind.name().toLowerCase(Locale.ROOT);
        create(environment, topic, options);
        subscribe(
            environment, topic, SubscribeOptions.group("g").acknowledgedByHand(), this::share);
        subscribe(
            environment,
            topic,
            SubscribeOptions.defaults().withStart(StartPosition.EARLIEST),
            ledger.alone(name, kind));
        subscribe(
            environment,
            topic,
            SubscribeOptions.defaults().acknowledgedByHand().withCredits(STUCK_CREDITS),
            delivery -> ledger.stuck(name + topic, delivery));
      }
      create(environment, MODELS, TopicOptions.of(TopicKind.DURABLE).asCompacted());
      subscribe(
          environment,
          MODELS,
          SubscribeOptions.defaults().withStart(StartPosition.RETAINED),
          delivery ->
              models.put(delivery.message().key().orElseThrow(), delivery.message().text()));
    }

    private <T> CompletableFuture<T> track(CompletableFuture<T> future) {
      futures.add(future);
      return future;
    }

    private void create(Environment environment, String topic, TopicOptions options) {
      track(bus.create(topic, options))
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  again(environment, () -> create(environment, topic, options));
                }
              });
    }

    private void subscribe(
        Environment environment, String topic, SubscribeOptions options, Subscriber subscriber) {
      track(bus.subscribe(topic, options, subscriber))
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  again(
                      environment, () -> subscribe(environment, topic, options, subscriber));
                }
              });
    }

    private void again(Environment environment, Runnable task) {
      try {
        environment.eventLoop("storm").schedule(200_000_000, task);
      } catch (RejectedExecutionException e) {
        // The process has ended.
      }
    }

    /** A member of the group: settles each message once, and refuses one in ten. */
    private void share(Delivery delivery) {
      ledger.handled(name, delivery);
      Random random = new Random(delivery.sequence() * 31 + delivery.attempt());
      if (random.nextInt(10) == 0) {
        track(delivery.nack(Duration.ofMillis(random.nextInt(500))));
      } else {
        track(delivery.ack()).thenRun(() -> ledger.committed(delivery));
      }
    }

    CompletableFuture<Receipt> publish(String topic, String key, String text) {
      Message message = Message.of(text).withKey(key);
      ledger.published(key, text);
      CompletableFuture<Receipt> receipt = track(bus.publish(topic, message));
      receipt.thenAccept(stored -> ledger.stored(topic, key, text, stored));
      return receipt;
    }
  }

  void run() {
    sim.node(hostId, DurableBusTest::host);
    for (NodeId id : plan.nodes().subList(1, plan.nodes().size())) {
      sim.node(id, Client::new);
    }
    sim.check(ledger::verify);
    FaultInjector injector = new FaultInjector(sim, plan, this::operate);
    injector.run();
    injector.heal();
    healTheOthers();
    converge();
  }

  private void healTheOthers() {
    sim.network().heal();
    for (SimNode<?> node : sim.nodes()) {
      node.resume();
      node.disk().heal();
      node.clock().driftPpm(0);
      node.restart();
    }
  }

  private void operate(long number) {
    Random random = new Random(number);
    Client client = client(1 + random.nextInt(plan.nodes().size() - 1));
    if (client == null) {
      return;
    }
    String topic = List.of(MEMORY, DURABLE, DEDUP, MODELS).get(random.nextInt(4));
    String key =
        topic.equals(MODELS) ? "model" + client.name : client.name + "-" + random.nextInt(3);
    client.publish(topic, key, "v" + number);
  }

  private Client client(int index) {
    SimNode<?> node = sim.node(plan.nodes().get(index));
    return node.isRunning() ? (Client) node.service() : null;
  }

  /** After all faults: whatever was stored arrives, and nothing waits for ever. */
  private void converge() {
    Client first = client(1);
    for (String topic : List.of(MEMORY, DURABLE, DEDUP, MODELS)) {
      String last = "last of " + topic;
      sim.runUntil(() -> attempt(first, topic, last), LIMIT);
    }
    for (int i = 1; i < plan.nodes().size(); i++) {
      Client each = client(i);
      sim.runUntil(() -> each.models.containsValue("last of " + MODELS), LIMIT);
      for (String topic : List.of(MEMORY, DURABLE, DEDUP)) {
        sim.runUntil(() -> ledger.hasSeen(each.name, "last of " + topic), LIMIT);
      }
      sim.runUntil(() -> ledger.missing(each.name).isEmpty(), LIMIT);
    }
    sim.runUntil(ledger::allHandled, LIMIT);
    SortedMap<String, String> late = new TreeMap<>();
    first.bus.subscribe(
        MODELS,
        SubscribeOptions.defaults().withStart(StartPosition.RETAINED),
        delivery -> late.put(delivery.message().key().orElseThrow(), delivery.message().text()));
    sim.runUntil(() -> ledger.isCurrent(late), LIMIT);
    sim.run(Duration.ofSeconds(10));
    for (int i = 1; i < plan.nodes().size(); i++) {
      long open = client(i).futures.stream().filter(future -> !future.isDone()).count();
      if (open > 0) {
        throw new AssertionError(open + " futures of " + client(i).name + " never complete");
      }
    }
  }

  private CompletableFuture<Receipt> open;

  /** Publishes until it is stored; whether it is. */
  private boolean attempt(Client client, String topic, String text) {
    if (open == null || open.isCompletedExceptionally()) {
      String key = topic.equals(MODELS) ? "model" + client.name : client.name + "-last";
      open = client.publish(topic, key, text);
    }
    if (open.isDone() && !open.isCompletedExceptionally()) {
      open = null;
      return true;
    }
    return false;
  }
}
