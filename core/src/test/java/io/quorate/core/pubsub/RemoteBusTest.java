package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Buses on other nodes than their broker. */
class RemoteBusTest extends MessageBusConformance {
  private static final NodeId HOST = NodeId.of("host");

  private SimNode<BrokerHost> host;

  @Test
  void a_broker_that_lost_its_topics_is_reported_once_they_are_there_again() {
    TopicOptions options = TopicOptions.of(TopicKind.MEMORY).withPartitions(1);
    await(bus(0).create("t", options));
    Inbox inbox = new Inbox();
    await(bus(1).subscribe("t", SubscribeOptions.defaults(), inbox));
    await(bus(0).publish("t", Message.of("1")));
    await(bus(0).publish("t", Message.of("2")));
    until(() -> inbox.deliveries.size() >= 2);

    host.kill();
    host.restart();
    sim.run(Duration.ofSeconds(5));
    await(bus(0).create("t", options));
    await(bus(0).publish("t", Message.of("3")));

    until(() -> inbox.deliveries.size() >= 3);
    assertThat(inbox.texts()).containsExactly("1", "2", "3");
    assertThat(inbox.gaps)
        .containsExactly(new Gap("t", 0, 2, Long.MAX_VALUE, Gap.Reason.BROKER_LOST));
  }

  @Test
  void a_subscriber_that_was_cut_off_for_longer_than_its_lease_goes_on_without_a_gap() {
    for (TopicKind kind : kinds()) {
      String topic = "t." + kind;
      await(bus(0).create(topic, TopicOptions.of(kind).withPartitions(1)));
      Inbox inbox = new Inbox();
      await(bus(1).subscribe(topic, SubscribeOptions.defaults(), inbox));
      await(bus(0).publish(topic, Message.of("1")));
      until(() -> inbox.texts().contains("1"));

      sim.network().isolate(NodeId.of("n1"));
      await(bus(0).publish(topic, Message.of("2")));
      sim.run(Duration.ofSeconds(60));
      sim.network().heal();
      await(bus(0).publish(topic, Message.of("3")));

      until(() -> inbox.texts().contains("3"));
      assertThat(inbox.texts()).as("%s", kind).containsExactly("1", "2", "3");
      assertThat(inbox.gaps).as("%s", kind).isEmpty();
    }
  }

  @Test
  void a_message_that_the_transport_cannot_carry_is_reported_and_the_others_go_on() {
    TopicOptions large =
        TopicOptions.of(TopicKind.DURABLE).withPartitions(1).withMaxMessageBytes(8 << 20);
    await(bus(0).create("t", large));
    Inbox inbox = new Inbox();
    await(bus(1).subscribe("t", SubscribeOptions.defaults(), inbox));

    CompletableFuture<Receipt> remote = bus(0).publish("t", Message.of(new byte[5 << 20]));
    until(remote::isDone);
    assertThat(remote).isCompletedExceptionally();
    MessageBus atHost =
        MessageBus.on(host.environment(), broker, BusOptions.defaults().withName("local"));
    await(atHost.publish("t", Message.of(new byte[5 << 20])));
    await(atHost.publish("t", Message.of("small")));

    until(() -> inbox.texts().contains("small"));
    assertThat(inbox.gaps).contains(new Gap("t", 0, 0, 1, Gap.Reason.TOO_LARGE));
  }

  private Broker broker;

  private BrokerHost boot(Environment environment) {
    broker = Broker.inProcess(environment, "main");
    return BrokerHost.open(environment, broker, "main");
  }

  @Override
  protected List<MessageBus> start(Simulation sim) {
    host = sim.node(HOST, this::boot);
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
}
