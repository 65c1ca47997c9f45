package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.wal.WalOptions;
import io.quorate.core.wal.WriteAheadLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Buses on other nodes than their broker, which writes to a log. */
class DurableBusTest extends MessageBusConformance {
  private static final NodeId HOST = NodeId.of("host");
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private SimNode<CompletableFuture<BrokerHost>> host;

  /** Opens a broker with a log on {@code environment}'s disk, with a snapshot every 20 kB. */
  static CompletableFuture<BrokerHost> host(Environment environment) {
    WalOptions options = WalOptions.of("test").withSegmentBytes(1 << 20);
    return WriteAheadLog.open(
            environment, "wal", environment.eventLoop("broker-main"), options)
        .thenCompose(wal -> Broker.durable(environment, "main", wal, 1, 20_000))
        .thenApply(broker -> BrokerHost.open(environment, broker, "main"));
  }

  @Override
  protected List<MessageBus> start(Simulation sim) {
    host = sim.node(HOST, DurableBusTest::host);
    sim.await(host.service(), LIMIT);
    List<MessageBus> buses = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Environment environment =
          sim.<Environment>node(NodeId.of("n" + i), started -> started).environment();
      environment.transport().setPeer(HOST, SimNode.addressOf(HOST));
      Broker broker = Broker.remote(environment, HOST, "main", Duration.ofSeconds(10));
      buses.add(MessageBus.on(environment, broker, BusOptions.defaults()));
    }
    return buses;
  }

  @Test
  void nobody_hears_of_a_message_before_the_disk_has_it() {
    await(bus(0).create("t", TopicOptions.of(TopicKind.DURABLE)));
    Inbox inbox = new Inbox();
    await(bus(1).subscribe("t", SubscribeOptions.defaults(), inbox));
    sim.run(Duration.ofSeconds(1));

    host.disk().stall(Duration.ofSeconds(3));
    CompletableFuture<Receipt> receipt = bus(0).publish("t", Message.of("1"));
    sim.run(Duration.ofSeconds(2));

    assertThat(receipt).isNotDone();
    assertThat(inbox.deliveries).isEmpty();
    await(receipt);
    until(() -> inbox.texts().contains("1"));
  }

  private void restartHost() {
    host.crash();
    host.restart();
    sim.await(host.service(), LIMIT);
  }

  private void publishUntilStored(String text) {
    CompletableFuture<Receipt> receipt = bus(0).publish("t", Message.of(text).withKey("key"));
    until(receipt::isDone);
    if (receipt.isCompletedExceptionally()) {
      publishUntilStored(text);
    }
  }

  @Test
  void what_was_acknowledged_survives_a_crash_of_the_broker_and_the_group_goes_on_where_it_was() {
    await(bus(0).create("t", TopicOptions.of(TopicKind.DURABLE).withPartitions(1)));
    Inbox inbox = new Inbox(Delivery::ack);
    await(bus(1).subscribe("t", SubscribeOptions.group("g").acknowledgedByHand(), inbox));
    List<String> sent = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 50; i++) {
        String text = round + "." + i;
        sent.add(text);
        publishUntilStored(text);
      }
      until(() -> inbox.texts().contains(sent.get(sent.size() - 1)));
      sim.run(Duration.ofMillis(200));
      restartHost();
    }
    publishUntilStored("last");
    until(() -> inbox.texts().contains("last"));

    sent.add("last");
    assertThat(inbox.texts().stream().distinct()).containsExactlyElementsOf(sent);
    assertThat(inbox.texts().size()).isLessThan(sent.size() + 30);
    assertThat(inbox.gaps).isEmpty();
  }

  @Test
  void p33_a_retry_after_a_lost_acknowledgement_is_stored_once_though_the_broker_has_crashed() {
    await(bus(0).create("t", TopicOptions.of(TopicKind.DEDUP).withPartitions(1)));
    Inbox inbox = new Inbox();
    await(bus(1).subscribe("t", SubscribeOptions.group("g"), inbox));
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      sent.add("" + i);
      receipts.add(bus(0).publish("t", Message.of("" + i).withKey("key")));
      sim.run(Duration.ofMillis(3));
      if (i % 40 == 20) {
        restartHost();
      }
    }
    receipts.forEach(this::await);
    await(bus(0).publish("t", Message.of("last").withKey("key")));
    sent.add("last");
    until(() -> inbox.texts().contains("last"));

    assertThat(inbox.texts().stream().distinct()).containsExactlyElementsOf(sent);
    assertThat(receipts.stream().map(receipt -> receipt.join().sequence()))
        .doesNotHaveDuplicates();
  }
}
