package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.codec.MalformedException;
import io.quorate.core.pubsub.BrokerCommand.Settlement;
import io.quorate.core.pubsub.BrokerCommand.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Replicas of a broker that are fed the same, restored in between, and compared. */
class BrokerReplayTest {
  private static final int SEEDS = 150;
  private static final int STEPS = 400;

  @Test
  void a_replica_restored_at_any_moment_does_what_the_others_do() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Script script = new Script(random);
      BrokerCore original = new BrokerCore();
      BrokerCore replica = new BrokerCore();
      long now = 0;
      for (int i = 0; i < STEPS; i++) {
        now += random.nextInt(4) == 0 ? random.nextInt(400) : 0;
        BrokerCommand command = throughBytes(script.next());
        if (random.nextInt(20) == 0) {
          replica = CoreBench.restored(CoreBench.bytes(replica));
        }

        BrokerCore.Step step = original.step(now, command);

        assertThat(replica.step(now, command)).as("seed %d step %d", seed, i).isEqualTo(step);
        script.heard(step.effects());
        step.effects().forEach(BrokerReplayTest::throughBytes);
        assertThat(Outcome.CODEC.decode(Outcome.CODEC.encode(step.outcomes())))
            .isEqualTo(step.outcomes());
      }
      assertThat(CoreBench.bytes(replica)).as("seed %d", seed).isEqualTo(CoreBench.bytes(original));
      assertThat(script.deliveries).as("seed %d delivers something", seed).isGreaterThan(10);
    }
  }

  @Test
  void a_capture_does_not_change_while_the_core_goes_on() throws Exception {
    for (int seed = 0; seed < 30; seed++) {
      Random random = new Random(seed);
      Script script = new Script(random);
      BrokerCore core = new BrokerCore();
      for (int i = 0; i < STEPS; i++) {
        script.heard(core.step(i, script.next()).effects());
      }
      byte[] before = CoreBench.bytes(core);
      BrokerSnapshot capture = core.freeze();

      for (int i = 0; i < STEPS; i++) {
        script.heard(core.step(STEPS + i, script.next()).effects());
      }

      var out = new java.io.ByteArrayOutputStream();
      capture.writeTo(out);
      assertThat(out.toByteArray()).as("seed %d", seed).isEqualTo(before);
    }
  }

  @Test
  void a_snapshot_that_is_cut_off_or_has_a_flipped_bit_is_refused() {
    CoreBench bench = new CoreBench();
    bench.create("t", TopicOptions.of(TopicKind.DURABLE).withPartitions(1));
    bench.publish("t", "k", "value");
    byte[] bytes = CoreBench.bytes(bench.core);

    for (int i = 0; i < bytes.length; i++) {
      byte[] cut = java.util.Arrays.copyOf(bytes, i);
      assertThatThrownBy(() -> CoreBench.restored(cut)).isInstanceOf(MalformedException.class);
      byte[] flipped = bytes.clone();
      flipped[i] ^= 0x10;
      assertThatThrownBy(() -> CoreBench.restored(flipped)).isInstanceOf(MalformedException.class);
    }
  }

  private static BrokerCommand throughBytes(BrokerCommand command) {
    BrokerCommand read = BrokerCommand.CODEC.decode(BrokerCommand.CODEC.encode(command));
    assertThat(read).isEqualTo(command);
    return read;
  }

  private static void throughBytes(BrokerEffect effect) {
    assertThat(BrokerEffect.CODEC.decode(BrokerEffect.CODEC.encode(effect))).isEqualTo(effect);
  }

  /** Random commands, some of which settle what was delivered. */
  private static final class Script {
    private static final List<String> TOPICS = List.of("a.x", "a.y", "b.x", "dead");

    private final Random random;
    private final List<BrokerEffect.Deliver> open = new ArrayList<>();
    private int subscriptions;
    private int messages;
    int deliveries;

    Script(Random random) {
      this.random = random;
    }

    void heard(List<BrokerEffect> effects) {
      for (BrokerEffect effect : effects) {
        if (effect instanceof BrokerEffect.Deliver deliver) {
          open.add(deliver);
          deliveries++;
        }
      }
    }

    BrokerCommand next() {
      return switch (random.nextInt(16)) {
        case 0 -> new BrokerCommand.OpenSession(session(), 1_500);
        case 1 -> new BrokerCommand.Create(topic(), options());
        case 2 -> subscribe();
        case 3 -> random.nextInt(3) == 0
            ? new BrokerCommand.Unsubscribe(session(), random.nextInt(subscriptions + 1))
            : new BrokerCommand.KeepAlive(session());
        case 4 -> new BrokerCommand.Resume(session());
        case 5 -> random.nextInt(4) == 0
            ? new BrokerCommand.CloseSession(session())
            : new BrokerCommand.Tick();
        case 6 -> new BrokerCommand.Ask(topic(), message(), new ReplyTo(session(), messages));
        case 7 -> new BrokerCommand.Answer(new ReplyTo(session(), 1), message());
        case 8 -> random.nextInt(5) == 0
            ? new BrokerCommand.DropGroup(topic(), "g")
            : new BrokerCommand.Tick();
        case 9, 10, 11 -> CoreBench.publishing(topic(), List.of(message(), message()));
        default -> settle();
      };
    }

    private BrokerCommand settle() {
      if (open.isEmpty()) {
        return new BrokerCommand.Tick();
      }
      BrokerEffect.Deliver delivery = open.remove(random.nextInt(open.size()));
      Verdict verdict = Verdict.values()[Math.max(0, random.nextInt(6) - 3)];
      return new BrokerCommand.Settle(
          delivery.session(),
          List.of(
              new Settlement(
                  delivery.subscription(),
                  delivery.tag(),
                  verdict == Verdict.ACK ? 1 + random.nextInt(4) : 1,
                  verdict,
                  random.nextInt(3) * 100,
                  "reason")));
    }

    private BrokerCommand subscribe() {
      String pattern = List.of("a.x", "a.*", "**", "dead").get(random.nextInt(4));
      StartPosition start =
          List.of(
                  StartPosition.LATEST,
                  StartPosition.EARLIEST,
                  StartPosition.RETAINED,
                  new StartPosition.FromSequence(3),
                  new StartPosition.Since(Duration.ofMillis(300)))
              .get(random.nextInt(5));
      return new BrokerCommand.Subscribe(
          session(),
          subscriptions++,
          TopicPattern.of(pattern),
          random.nextBoolean() ? Optional.of("g") : Optional.empty(),
          start,
          1 + random.nextInt(6));
    }

    private String session() {
      return "s" + random.nextInt(3);
    }

    private String topic() {
      return TOPICS.get(random.nextInt(TOPICS.size()));
    }

    private Message message() {
      Message message =
          Message.of("m" + messages).withKey("k" + random.nextInt(4)).withHeader("h", "v");
      return random.nextBoolean() ? message.withProducer("p", messages++ / 2) : message;
    }

    private TopicOptions options() {
      TopicOptions options =
          TopicOptions.of(TopicKind.values()[random.nextInt(3)])
              .withPartitions(1 + random.nextInt(3))
              .withMaxMessageBytes(1_000)
              .withDedup(4, 2)
              .withOverflow(Overflow.values()[random.nextInt(2)])
              .withRetention(
                  new Retention(5, 10_000, Duration.ofMillis(2_000), random.nextInt(4) == 0))
              .withRedelivery(
                  Redelivery.defaults()
                      .withMaxDeliveries(3)
                      .withAckTimeout(Duration.ofMillis(700))
                      .withMaxUnsettled(8));
      return random.nextBoolean()
          ? options.withRedelivery(options.redelivery().withDeadLetterTopic("dead"))
          : options;
    }
  }
}
