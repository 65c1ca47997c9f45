package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.RefusedException;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.pubsub.BrokerCommand.Settlement;
import io.quorate.core.pubsub.BrokerCommand.Verdict;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The bytes on the wire and in logs: today's must be readable by tomorrow's release. */
class FormatTest {
  private static final Message MESSAGE =
      Message.of("hi").withKey("k").withHeader("h", "v").withProducer("p", 300);

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static String hex(BrokerCommand command) {
    byte[] bytes = BrokerCommand.CODEC.encode(command);
    assertThat(BrokerCommand.CODEC.decode(bytes)).isEqualTo(command);
    return hex(bytes);
  }

  private static String hex(BrokerEffect effect) {
    byte[] bytes = BrokerEffect.CODEC.encode(effect);
    assertThat(BrokerEffect.CODEC.decode(bytes)).isEqualTo(effect);
    return hex(bytes);
  }

  private static String hex(Outcome outcome) {
    byte[] bytes = Outcome.CODEC.encode(List.of(outcome));
    assertThat(Outcome.CODEC.decode(bytes)).containsExactly(outcome);
    return hex(bytes);
  }

  private static SortedMap<String, BrokerCommand> commands() {
    SortedMap<String, BrokerCommand> all = new TreeMap<>();
    TopicOptions options =
        TopicOptions.of(TopicKind.DURABLE)
            .withDedup(1_024, 1_000)
            .withRedelivery(Redelivery.defaults().withDeadLetterTopic("d"));
    all.put("create", new BrokerCommand.Create("t", options));
    all.put("describe", new BrokerCommand.Describe("t"));
    all.put("drop", new BrokerCommand.DropGroup("t", "g"));
    Optional<ProducerSequence> stamp = Optional.of(new ProducerSequence("b", 5));
    all.put("publish", new BrokerCommand.Publish("t", stamp, List.of(MESSAGE)));
    ReplyTo replyTo = new ReplyTo("s", 9);
    all.put("ask", new BrokerCommand.Ask("t", Message.of("?"), replyTo));
    all.put("answer", new BrokerCommand.Answer(replyTo, Message.of("!")));
    all.put("open", new BrokerCommand.OpenSession("s", 15_000));
    all.put("keepalive", new BrokerCommand.KeepAlive("s"));
    all.put("close", new BrokerCommand.CloseSession("s"));
    all.put("resume", new BrokerCommand.Resume("s"));
    StartPosition place =
        new StartPosition.Resume(
            new TreeMap<>(
                Map.of(
                    "t",
                    new StartPosition.Place(
                        7, new TreeMap<>(Map.of(0, new StartPosition.Spot(1, 2)))))));
    all.put(
        "subscribe",
        new BrokerCommand.Subscribe("s", 3, TopicPattern.of("a.*"), Optional.of("g"), place, 256));
    all.put("unsubscribe", new BrokerCommand.Unsubscribe("s", 3));
    all.put(
        "settle",
        new BrokerCommand.Settle("s", List.of(new Settlement(3, 4, Verdict.NACK, 1_000, "why"))));
    all.put("tick", new BrokerCommand.Tick());
    return all;
  }

  @Test
  void every_command_has_bytes_that_are_pinned() {
    SortedMap<String, BrokerCommand> all = commands();
    SortedMap<String, String> bytes = new TreeMap<>();
    all.forEach((name, command) -> bytes.put(name, hex(command)));

    assertThat(all.values().stream().map(Object::getClass))
        .containsExactlyInAnyOrder(BrokerCommand.class.getPermittedSubclasses());
    assertThat(bytes)
        .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                Map.entry(
                    "answer",
                    "01050173090000000121"),
                Map.entry(
                    "ask",
                    "01040174000000013f017309"),
                Map.entry(
                    "close",
                    "01080173"),
                Map.entry(
                    "create",
                    "010101740104904e808080088088b2a002000105b0ea01802001648080408008e807"),
                Map.entry(
                    "describe",
                    "010e0174"),
                Map.entry(
                    "drop",
                    "010201740167"),
                Map.entry(
                    "keepalive",
                    "01070173"),
                Map.entry(
                    "open",
                    "010601739875"),
                Map.entry(
                    "publish",
                    "010301740101620501016b0101680176010170ac02026869"),
                Map.entry(
                    "resume",
                    "01090173"),
                Map.entry(
                    "settle",
                    "010f01730103040101e80703776879"),
                Map.entry(
                    "subscribe",
                    "010a01730303612e2a01670501017407010001028002"),
                Map.entry(
                    "tick",
                    "010d"),
                Map.entry(
                    "unsubscribe",
                    "010b017303")));
  }

  @Test
  void every_effect_has_bytes_that_are_pinned() {
    assertThat(
            hex(
                new BrokerEffect.Deliver(
                    "s", 3, 4, TopicKind.DEDUP, "t", 7, 1, 2, 6, 5, 8, MESSAGE,
                    Optional.of(new ReplyTo("r", 9)), 300)))
        .isEqualTo(
            "010601730304020174070102060508016b0101680176010170ac0202686901017209ac02");
    Gap gap = new Gap("t", 1, 2, Long.MAX_VALUE, Gap.Reason.BROKER_LOST);
    assertThat(hex(new BrokerEffect.Missed("s", 3, gap)))
        .isEqualTo("010201730301740102ffffffffffffffff7f04");
    assertThat(hex(new BrokerEffect.Assign("s", 3, "t", 2, List.of(0, 200))))
        .isEqualTo("01030173030174020200c801");
    assertThat(hex(new BrokerEffect.Answered("s", 9, Message.of("!"))))
        .isEqualTo("01040173090000000121");
    assertThat(hex(new BrokerEffect.Ended("s", "over")))
        .isEqualTo("01050173046f766572");
    assertThat(BrokerEffect.class.getPermittedSubclasses()).hasSize(5);
  }

  @Test
  void every_outcome_and_frame_has_bytes_that_are_pinned() {
    assertThat(hex(Outcome.DONE)).isEqualTo("010100");
    assertThat(hex(new Outcome.Stored(new Receipt(1, 2, true)))).isEqualTo("010101010201");
    assertThat(hex(Outcome.refused(Refusal.Code.FULL, "no"))).isEqualTo("01010203026e6f");
    assertThat(hex(new Outcome.Subscribed(new StartPosition.Resume(new TreeMap<>()))))
        .isEqualTo("0101040500");
    TopicOptions options = TopicOptions.of(TopicKind.MEMORY).withDedup(1_024, 1_000);
    assertThat(hex(new Outcome.Described(options)))
        .isEqualTo(
            "0101030004904e808080088088b2a002000005b0ea018020008080408008e807");
    assertThat(hex(new Outcome.PutBack(300))).isEqualTo("010105ac02");
    assertThat(hex(new Outcome.PartlyFenced(List.of(3L, 300L)))).isEqualTo("0101060203ac02");
    assertThat(Outcome.class.getPermittedSubclasses()).hasSize(7);
    byte[] tick = BrokerCommand.CODEC.encode(new BrokerCommand.Tick());
    assertThat(hex(BrokerFrames.command(0x0102, "c", 5, 4, tick)))
        .isEqualTo("0101000000000000010201630504010d");
    assertThat(hex(BrokerFrames.fetch(0x0102, "s", 300)))
        .isEqualTo("010200000000000001020173ac02");
    assertThat(hex(BrokerFrames.done(3, List.of(Outcome.DONE))))
        .isEqualTo("01000000000000000003010100");
    byte[] ended = BrokerEffect.CODEC.encode(new BrokerEffect.Ended("s", ""));
    assertThat(hex(BrokerFrames.effects(3, 9, List.of(ended))))
        .isEqualTo("0101000000000000000309010105017300");
    assertThat(hex(BrokerFrames.status(BrokerFrames.Status.GONE, 3)))
        .isEqualTo("01030000000000000003");
    assertThat(hex(BrokerFrames.failed(3, new RefusedException("no"))))
        .isEqualTo("01060000000000000003026e6f");
  }

  @Test
  void a_snapshot_has_bytes_that_are_pinned() {
    CoreBench bench = new CoreBench();
    bench.create("t", TopicOptions.of(TopicKind.DEDUP).withPartitions(1).withDedup(1_024, 1_000));
    bench.open("s");
    bench.subscribe("s", 1, "t", "g", 2);
    bench.publish("t", MESSAGE);

    assertThat(hex(CoreBench.bytes(bench.core)))
        .isEqualTo(
            "00000071cf93fc4501e807030101740201904e808080088088b2a002000105b0ea0180"
                + "20008080408008e807e807000000010101700001ac02000001017301904ef855010173"
                + "01017401670102010200010767726f75703a6701010173010201010000010173010100"
                + "016b0000010198f201010001010200000000000f7f05838d00e807016b010168017600"
                + "026869000000000000000000");
  }

  @Test
  void settlements_of_a_release_that_said_each_by_itself_are_read() {
    byte[] before = HexFormat.of().parseHex("010c017301030401e80703776879");

    assertThat(BrokerCommand.CODEC.decode(before)).isEqualTo(commands().get("settle"));
  }

  @Test
  void deliveries_of_a_release_that_did_not_say_what_is_held_back_are_read() {
    byte[] before =
        HexFormat.of()
            .parseHex("010101730304020174070102060508016b0101680176010170ac0202686901017209");

    assertThat(BrokerEffect.CODEC.decode(before))
        .isEqualTo(
            new BrokerEffect.Deliver(
                "s", 3, 4, TopicKind.DEDUP, "t", 7, 1, 2, 6, 5, 8, MESSAGE,
                Optional.of(new ReplyTo("r", 9)), BrokerEffect.Deliver.UNKNOWN));
  }

  @Test
  void bytes_of_a_newer_release_are_refused_and_say_so() {
    byte[] command = BrokerCommand.CODEC.encode(new BrokerCommand.Tick());
    command[0] = 2;

    assertThatThrownBy(() -> BrokerCommand.CODEC.decode(command))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("version 2");
  }

  @Test
  void damaged_bytes_are_malformed_or_another_value_and_never_anything_else() {
    Random random = new Random(1);
    for (BrokerCommand command : commands().values()) {
      byte[] good = BrokerFrames.command(1, "c", 2, 1, BrokerCommand.CODEC.encode(command));
      for (int i = 0; i < 2_000; i++) {
        byte[] bad = java.util.Arrays.copyOf(good, random.nextInt(good.length + 3));
        for (int flips = random.nextInt(3); flips >= 0 && bad.length > 0; flips--) {
          bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
        }
        try {
          BrokerFrames.ask(bad);
        } catch (MalformedException e) {
          assertThat(e).hasMessageNotContaining("null");
        }
      }
    }
  }
}
