package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.consensus.raft.Applied;
import io.quorate.core.pubsub.Broker;
import io.quorate.core.pubsub.BrokerCommand;
import io.quorate.core.pubsub.BrokerEffect;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.Outcome;
import io.quorate.core.pubsub.Redelivery;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import io.quorate.core.pubsub.TopicPattern;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One replica: what it does with log time, with effects, with snapshots. */
class TopicMachineTest {
  /** A replica and what its listener has heard. */
  private static final class Replica {
    final Listeners listeners = new Listeners();
    final TopicMachine machine = new TopicMachine(listeners);
    final List<BrokerEffect> heard = new ArrayList<>();
    final List<String> lost = new ArrayList<>();
    long index;
    long number;

    void listen(String session) {
      listeners.add(
          session,
          new Broker.Listener() {
            @Override
            public void heard(List<BrokerEffect> effects) {
              heard.addAll(effects);
            }

            @Override
            public void lost(String reason) {
              lost.add(session);
            }
          });
    }

    List<Outcome> apply(long millis, BrokerCommand command) {
      Applied at = new Applied(++index, 1, millis);
      machine.timePassed(at);
      byte[] bytes = BrokerCommand.CODEC.encode(command);
      TopicResult result =
          machine.apply(at, new TopicCommand("n0.1", ++number, 0, List.of(bytes)));
      return ((TopicResult.Applied) result).outcomes().get(0);
    }

    byte[] snapshot() throws IOException {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      machine.freeze().writeTo(out);
      return out.toByteArray();
    }

    long deliveries() {
      return heard.stream().filter(BrokerEffect.Deliver.class::isInstance).count();
    }
  }

  private static BrokerCommand subscribe(String session) {
    return new BrokerCommand.Subscribe(
        session, 1, TopicPattern.of("t"), Optional.of("g"), StartPosition.EARLIEST, 10);
  }

  private static BrokerCommand publish(String text) {
    return new BrokerCommand.Publish(
        "t", Optional.empty(), List.of(Message.of(text).withKey(text)));
  }

  private static void begin(Replica replica) {
    TopicOptions options =
        TopicOptions.of(TopicKind.DURABLE)
            .withRedelivery(Redelivery.defaults().withAckTimeout(Duration.ofMillis(100)));
    replica.apply(1, new BrokerCommand.Create("t", options));
    replica.apply(2, new BrokerCommand.OpenSession("s", 10_000));
    replica.apply(3, subscribe("s"));
    replica.apply(4, publish("one"));
  }

  @Test
  void effects_reach_the_replica_beside_the_subscriber_and_no_other() {
    Replica near = new Replica();
    Replica far = new Replica();
    near.listen("s");
    far.listen("another");
    begin(near);
    begin(far);

    assertThat(near.deliveries()).isEqualTo(1);
    assertThat(far.heard).isEmpty();
  }

  @Test
  void log_time_alone_brings_a_message_again() {
    Replica replica = new Replica();
    replica.listen("s");
    begin(replica);

    assertThat(replica.machine.nextDeadlineMillis()).hasValue(104);
    replica.machine.timePassed(new Applied(9, 1, 103));
    assertThat(replica.deliveries()).isEqualTo(1);
    replica.machine.timePassed(new Applied(10, 1, 104));
    assertThat(replica.deliveries()).isEqualTo(2);
  }

  @Test
  void replicas_that_apply_the_same_log_write_the_same_snapshot() throws IOException {
    Replica one = new Replica();
    Replica other = new Replica();
    one.listen("s");
    begin(one);
    begin(other);

    assertThat(one.snapshot()).isEqualTo(other.snapshot());
  }

  @Test
  void a_replica_that_was_given_a_snapshot_goes_on_as_one_that_was_not() throws IOException {
    Replica one = new Replica();
    begin(one);
    Replica other = new Replica();
    other.machine.restore(new ByteArrayInputStream(one.snapshot()));
    other.number = one.number;
    one.listen("s");
    other.listen("s");

    for (Replica each : List.of(one, other)) {
      each.apply(50, publish("two"));
      each.apply(200, new BrokerCommand.Tick());
    }

    assertThat(other.heard).isEqualTo(one.heard).isNotEmpty();
    assertThat(other.snapshot()).isEqualTo(one.snapshot());
  }

  @Test
  void a_snapshot_that_skips_part_of_the_log_is_reported_to_the_sessions_here()
      throws IOException {
    Replica ahead = new Replica();
    begin(ahead);
    Replica behind = new Replica();
    behind.listen("s");
    behind.listen("not-yet-open");
    behind.machine.restore(new ByteArrayInputStream(ahead.snapshot()));

    assertThat(behind.lost).containsExactly("s");
  }

  @Test
  void a_batch_that_was_applied_is_known_after_a_restore() throws IOException {
    Replica one = new Replica();
    begin(one);
    Replica other = new Replica();
    other.machine.restore(new ByteArrayInputStream(one.snapshot()));

    TopicCommand again =
        new TopicCommand(
            "n0.1", one.number, 0, List.of(BrokerCommand.CODEC.encode(publish("one"))));

    assertThat(other.machine.apply(new Applied(9, 1, 9), again))
        .isInstanceOf(TopicResult.Superseded.class);
  }

  @Test
  void a_snapshot_of_a_newer_format_is_refused_and_changes_nothing() throws IOException {
    Replica replica = new Replica();
    begin(replica);
    byte[] before = replica.snapshot();
    byte[] newer = before.clone();
    newer[0] = 2;

    assertThatThrownBy(() -> replica.machine.restore(new ByteArrayInputStream(newer)))
        .hasMessage("topics of format 2, this release knows 1");
    assertThat(replica.snapshot()).isEqualTo(before);
  }

  @Test
  void streams_are_forgotten_by_log_time_and_a_stream_that_comes_back_goes_on() {
    Streams streams = new Streams();
    TopicCommand first = new TopicCommand("a", 1, 0, List.of());
    TopicCommand second = new TopicCommand("a", 2, 0, List.of());
    assertThat(streams.objection(first, 0)).isNull();
    assertThat(streams.objection(first, 1)).isInstanceOf(TopicResult.Superseded.class);

    streams.objection(new TopicCommand("b", 1, 0, List.of()), Streams.TIMEOUT_MILLIS + 1);

    assertThat(streams.objection(second, Streams.TIMEOUT_MILLIS + 2)).isNull();
  }

  @Test
  void the_formats_are_as_drawn() throws IOException {
    byte[] command =
        TopicCommand.CODEC.encode(new TopicCommand("n", 3, 2, List.of(new byte[] {9})));
    assertThat(HexFormat.of().formatHex(command)).isEqualTo("01016e0302010109");
    byte[] result =
        TopicResult.CODEC.encode(new TopicResult.Applied(List.of(List.of(Outcome.DONE))));
    assertThat(HexFormat.of().formatHex(result)).isEqualTo("010001010100");
    assertThat(TopicResult.CODEC.encode(new TopicResult.OutOfOrder())).containsExactly(1, 1);
    assertThat(TopicResult.CODEC.encode(new TopicResult.Superseded())).containsExactly(1, 2);

    Replica replica = new Replica();
    replica.apply(7, new BrokerCommand.Tick());
    assertThat(HexFormat.of().formatHex(replica.snapshot()))
        .startsWith("01" + "00000008" + "01" + "046e302e31" + "01" + "07");
  }

  @Test
  void every_result_comes_back_from_its_bytes() {
    for (Class<?> each : TopicResult.class.getPermittedSubclasses()) {
      TopicResult result =
          each == TopicResult.Applied.class
              ? new TopicResult.Applied(List.of(List.of(Outcome.DONE), List.of()))
              : each == TopicResult.OutOfOrder.class
                  ? new TopicResult.OutOfOrder()
                  : new TopicResult.Superseded();
      assertThat(TopicResult.CODEC.decode(TopicResult.CODEC.encode(result)))
          .isInstanceOf(each)
          .isEqualTo(result);
    }
  }
}
