package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.pubsub.BrokerCommand.Verdict;
import io.quorate.core.pubsub.BrokerEffect.Deliver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The claims of the package, one by one, on the pure core. */
class BrokerCoreTest {
  private static final TopicOptions MEMORY = TopicOptions.of(TopicKind.MEMORY).withPartitions(1);
  private static final TopicOptions DURABLE = TopicOptions.of(TopicKind.DURABLE).withPartitions(1);
  private static final TopicOptions DEDUP = TopicOptions.of(TopicKind.DEDUP).withPartitions(1);

  private final CoreBench bench = new CoreBench();

  @Test
  void p31_a_message_whose_consumer_dies_before_the_ack_comes_again_once_and_keeps_its_order() {
    bench.create("t", DURABLE);
    openAll("a", "b");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.subscribe("b", 1, "t", "g", 10);
    bench.publish("t", "k", "1");
    bench.publish("t", "k", "2");
    List<Deliver> first = bench.deliveries();
    String owner = first.get(0).session();
    bench.ack(first.get(0));

    bench.nowMillis += CoreBench.LEASE - 1;
    bench.one(new BrokerCommand.KeepAlive(owner.equals("a") ? "b" : "a"));
    bench.pass(CoreBench.LEASE - 1);

    List<Deliver> again = bench.deliveries();
    assertThat(CoreBench.texts(again)).containsExactly("2");
    assertThat(again.get(0).attempt()).isEqualTo(2);
    assertThat(again.get(0).session()).isNotEqualTo(owner);
  }

  @Test
  void p31_a_poison_message_becomes_a_dead_letter_with_its_reason_and_does_not_block_other_keys() {
    bench.create(
        "t",
        DURABLE.withRedelivery(
            Redelivery.defaults().withMaxDeliveries(3).withDeadLetterTopic("dead")));
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.subscribe("a", 2, "dead", "", 10);
    bench.publish("t", "poison", "bad");
    bench.publish("t", "poison", "behind");
    bench.publish("t", "other", "good");

    Deliver bad = named("bad");
    for (int i = 0; i < 2; i++) {
      bench.nack(bad, 100);
      assertThat(CoreBench.texts(bench.deliveries())).doesNotContain("behind");
      bench.pass(100);
      bad = named("bad");
    }
    bench.nack(bad, 100);

    List<Deliver> after = bench.deliveries();
    assertThat(CoreBench.texts(after)).containsExactlyInAnyOrder("bad", "behind");
    Deliver letter = after.stream().filter(d -> d.topic().equals("dead")).findFirst().orElseThrow();
    assertThat(DeadLetterReason.of(letter.message()))
        .contains(new DeadLetterReason("t", 0, 0, "g", 3, "why"));
  }

  @Test
  void p31_a_fenced_member_cannot_settle_what_another_member_has_now() {
    bench.create("t", DURABLE);
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.publish("t", "k", "1");
    Deliver old = bench.deliveries().get(0);
    bench.pass(CoreBench.LEASE);
    openAll("a", "b");
    bench.subscribe("b", 1, "t", "g", 10);
    Deliver now = bench.deliveries().get(0);

    assertThat(refusal(bench.settle(old, Verdict.ACK, 0))).isEqualTo(Refusal.Code.FENCED);
    bench.subscribe("a", 1, "t", "g", 10);
    assertThat(refusal(bench.settle(old, Verdict.ACK, 0))).isEqualTo(Refusal.Code.FENCED);
    assertThat(now.generation()).isGreaterThan(old.generation());
    bench.ack(now);
  }

  @Test
  void acknowledgements_said_as_one_settle_what_counts_and_name_what_does_not() {
    bench.create("t", DURABLE);
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 3);
    bench.publish("t", "x", "1");
    bench.publish("t", "y", "2");
    bench.publish("t", "z", "3");
    List<Deliver> given = bench.deliveries();
    bench.nack(given.get(1), 1_000);
    bench.publish("t", "w", "4");
    bench.publish("t", "w", "5");

    Outcome outcome = bench.ackAll(given.get(0), 3);

    assertThat(outcome).isEqualTo(new Outcome.PartlyFenced(List.of(given.get(1).tag())));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("4", "5");
    assertThat(bench.ackAll(given.get(0), 3))
        .isEqualTo(new Outcome.PartlyFenced(given.stream().map(Deliver::tag).toList()));
    bench.pass(1_000);
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("2");
  }

  @Test
  void p31_a_member_that_lets_a_delivery_time_out_loses_its_partitions_and_is_fenced() {
    bench.create("t", DURABLE.withPartitions(2));
    openAll("a", "b");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.subscribe("b", 1, "t", "g", 10);
    bench.publish("t", "", "1");
    Deliver stuck = bench.deliveries().get(0);
    keepAliveFor(30_000, "a", "b");

    Deliver again = bench.deliveries().get(0);
    assertThat(again.session()).isNotEqualTo(stuck.session());
    assertThat(again.attempt()).isEqualTo(2);
    assertThat(refusal(bench.settle(stuck, Verdict.ACK, 0))).isEqualTo(Refusal.Code.FENCED);
    bench.ack(again);
  }

  @Test
  void p32_a_subscriber_that_settles_nothing_holds_no_more_than_its_credits() {
    bench.create("t", MEMORY.withRetention(Retention.defaults().withMaxMessages(100)));
    openAll("a", "b");
    bench.subscribe("a", 1, "t", "", 7);
    bench.subscribe("b", 1, "t", "", 1_000);

    for (int i = 0; i < 1_000; i++) {
      bench.publish("t", "k", "" + i);
    }

    List<Deliver> all = bench.deliveries();
    assertThat(all).filteredOn(d -> d.session().equals("a")).hasSize(7);
    assertThat(all).filteredOn(d -> d.session().equals("b")).hasSize(1_000);
  }

  @Test
  void p32_the_state_is_bounded_though_one_subscriber_settles_nothing() {
    bench.create("t", MEMORY.withRetention(Retention.defaults().withMaxMessages(1_000)));
    openAll("stuck", "quick");
    bench.subscribe("stuck", 1, "t", "", 100);
    bench.subscribe("quick", 1, "t", "", 100);

    for (int i = 0; i < 20_000; i++) {
      bench.publish("t", "k" + i, "message " + i);
      bench.deliveries().stream().filter(d -> d.session().equals("quick")).forEach(bench::ack);
    }

    assertThat(CoreBench.bytes(bench.core).length).isLessThan(1_100 * 40);
  }

  @Test
  void p32_retention_that_overtakes_a_reader_is_reported_before_the_next_delivery() {
    bench.create("t", MEMORY.withRetention(Retention.defaults().withMaxMessages(10)));
    openAll("a");
    bench.subscribe("a", 1, "t", "", 1);
    for (int i = 0; i < 50; i++) {
      bench.publish("t", "k", "" + i);
    }
    Deliver first = bench.deliveries().get(0);

    bench.ack(first);

    assertThat(bench.gaps()).containsExactly(new Gap("t", 0, 1, 40, Gap.Reason.RETENTION));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("40");
  }

  @Test
  void p33_a_message_published_again_is_stored_once_and_has_the_same_receipt() {
    bench.create("t", DEDUP);

    Receipt first = bench.publish("t", Message.of("1").withProducer("p", 7));
    Receipt second = bench.publish("t", Message.of("1").withProducer("p", 7));
    Receipt other = bench.publish("t", Message.of("2").withProducer("p", 8));

    assertThat(second).isEqualTo(new Receipt(first.partition(), first.sequence(), true));
    assertThat(other.sequence()).isEqualTo(first.sequence() + 1);
  }

  @Test
  void p33_a_sequence_below_the_window_is_neither_stored_nor_called_stored() {
    bench.create("t", DEDUP.withDedup(2, 10));
    for (int i = 0; i < 4; i++) {
      bench.publish("t", Message.of("" + i).withProducer("p", i));
    }

    Outcome stale =
        bench.one(
            CoreBench.publishing("t", List.of(Message.of("0").withProducer("p", 0))));

    assertThat(refusal(stale)).isEqualTo(Refusal.Code.STALE_SEQUENCE);
    assertThat(((Outcome.Refused) stale).refusal().toException().mayHaveTakenEffect()).isTrue();
  }

  @Test
  void a_late_subscriber_of_a_compacted_topic_learns_the_newest_value_of_each_key() {
    bench.create("t", DURABLE.asCompacted());
    for (int i = 0; i < 1_000; i++) {
      bench.publish("t", "model-" + i % 3, "v" + i);
    }
    bench.publish("t", Message.tombstone("model-0"));
    openAll("a");

    bench.subscribe("a", 1, "t", "", 10, StartPosition.RETAINED);

    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("v997", "v998", "");
    assertThat(bench.gaps()).isEmpty();
  }

  @Test
  void a_late_subscriber_of_any_other_topic_learns_its_newest_message() {
    bench.create("t", DURABLE);
    bench.publish("t", "k", "old");
    bench.publish("t", "k", "new");
    openAll("a");

    bench.subscribe("a", 1, "t", "", 10, StartPosition.RETAINED);

    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("new");
  }

  @Test
  void tombstones_age_and_values_of_a_compacted_topic_do_not() {
    bench.create(
        "t",
        DURABLE.withRetention(
            Retention.defaults().withMaxAge(Duration.ofMillis(100)).asCompacted()));
    bench.publish("t", "kept", "value");
    bench.publish("t", Message.tombstone("gone"));

    bench.pass(100);
    openAll("a");
    bench.subscribe("a", 1, "t", "", 10);

    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("value");
  }

  @Test
  void replay_begins_at_a_sequence_or_at_an_age() {
    bench.create("t", DURABLE);
    for (int i = 0; i < 10; i++) {
      bench.nowMillis += 100;
      bench.publish("t", "k", "" + i);
    }
    openAll("a");

    bench.subscribe("a", 1, "t", "", 10, new StartPosition.FromSequence(7));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("7", "8", "9");

    bench.subscribe("a", 2, "t", "", 10, new StartPosition.Since(Duration.ofMillis(100)));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("8", "9");
  }

  @Test
  void messages_older_than_the_retention_are_dropped_and_reported() {
    bench.create(
        "t", DURABLE.withRetention(Retention.defaults().withMaxAge(Duration.ofMillis(500))));
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 1);
    bench.publish("t", "k", "1");
    bench.publish("t", "k", "2");
    Deliver first = bench.deliveries().get(0);

    bench.pass(500);
    bench.publish("t", "k", "3");
    bench.ack(first);

    assertThat(bench.gaps()).containsExactly(new Gap("t", 0, 1, 2, Gap.Reason.RETENTION));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("3");
  }

  @Test
  void a_full_topic_that_must_not_lose_refuses_until_the_slowest_group_has_settled() {
    bench.create("t", DURABLE.withRetention(Retention.defaults().withMaxMessages(2)));
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.publish("t", "k", "1");
    bench.publish("t", "k", "2");
    BrokerCommand third = CoreBench.publishing("t", List.of(CoreBench.message("k", "3")));

    assertThat(refusal(bench.one(third))).isEqualTo(Refusal.Code.FULL);
    bench.ack(bench.deliveries().get(0));

    assertThat(bench.one(third)).isInstanceOf(Outcome.Stored.class);
  }

  @Test
  void a_failed_message_rewinds_its_key_and_no_other() {
    bench.create("t", DURABLE);
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.publish("t", "x", "x1");
    bench.publish("t", "x", "x2");
    bench.publish("t", "y", "y1");
    List<Deliver> first = bench.deliveries();

    bench.nack(first.get(0), 1_000);
    bench.ack(first.get(2));
    assertThat(refusal(bench.settle(first.get(1), Verdict.ACK, 0))).isEqualTo(Refusal.Code.FENCED);
    bench.publish("t", "x", "x3");
    bench.publish("t", "y", "y2");
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("y2");

    bench.pass(1_000);
    Deliver again = bench.deliveries().get(0);
    assertThat(again.message().text()).isEqualTo("x1");
    bench.ack(again);
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("x2", "x3");
  }

  @Test
  void partitions_are_shared_evenly_and_move_only_if_they_must() {
    bench.create("t", DURABLE.withPartitions(6));
    openAll("a", "b", "c");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.subscribe("b", 1, "t", "g", 10);
    List<Integer> before = partitionsOf("a");

    bench.subscribe("c", 1, "t", "g", 10);

    assertThat(before).hasSize(3);
    List<BrokerEffect.Assign> last = bench.taken(BrokerEffect.Assign.class);
    assertThat(last).allSatisfy(assign -> assertThat(assign.partitions()).hasSize(2));
    assertThat(before).containsAll(last.get(0).partitions());
  }

  @Test
  void a_pattern_also_matches_topics_that_come_later() {
    openAll("a");
    bench.subscribe("a", 1, "model.*.updated", "", 10);
    bench.create("model.x.updated", MEMORY);
    bench.create("model.y.removed", MEMORY);

    bench.publish("model.x.updated", "k", "1");
    bench.publish("model.y.removed", "k", "2");

    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("1");
  }

  @Test
  void credits_are_one_budget_over_all_topics_and_those_that_wait_take_turns() {
    bench.create("a", MEMORY);
    bench.create("b", MEMORY);
    openAll("s");
    bench.subscribe("s", 1, "*", "", 1);
    for (int i = 0; i < 5; i++) {
      bench.publish("a", "k", "a" + i);
      bench.publish("b", "k", "b" + i);
    }

    StringBuilder order = new StringBuilder();
    for (List<Deliver> next = bench.deliveries(); !next.isEmpty(); next = bench.deliveries()) {
      order.append(CoreBench.texts(next)).append(' ');
      bench.ack(next.get(0));
    }

    assertThat(order.toString())
        .isEqualTo("[a0] [b0] [a1] [b1] [a2] [b2] [a3] [b3] [a4] [b4] ");
  }

  @Test
  void a_request_to_nobody_is_refused_and_the_first_answer_reaches_who_asked() {
    bench.create("t", MEMORY);
    openAll("asker", "server");
    ReplyTo to = new ReplyTo("asker", 5);
    BrokerCommand ask = new BrokerCommand.Ask("t", Message.of("?"), to);
    assertThat(refusal(bench.one(ask))).isEqualTo(Refusal.Code.NO_LISTENER);

    bench.subscribe("server", 1, "t", "", 10);
    bench.one(ask);
    assertThat(bench.deliveries().get(0).replyTo()).contains(to);
    bench.one(new BrokerCommand.Answer(to, Message.of("!")));

    assertThat(bench.taken(BrokerEffect.Answered.class))
        .containsExactly(new BrokerEffect.Answered("asker", 5, Message.of("!")));
  }

  @Test
  void resuming_hands_out_the_same_deliveries_under_the_same_tags() {
    bench.create("t", DURABLE);
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.publish("t", "k", "1");
    bench.publish("t", "k", "2");
    List<Deliver> first = bench.deliveries();
    bench.ack(first.get(0));

    bench.one(new BrokerCommand.Resume("a"));

    List<Deliver> repeated = bench.deliveries();
    assertThat(repeated)
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("heldFrom")
        .containsExactly(first.get(1));
    assertThat(repeated.get(0).heldFrom()).isEqualTo(1);
  }

  @Test
  void what_a_lost_member_of_a_memory_group_had_is_reported_to_the_next() {
    bench.create("t", MEMORY);
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.publish("t", "k", "1");
    bench.publish("t", "k", "2");
    bench.ack(bench.deliveries().get(0));
    bench.pass(CoreBench.LEASE);

    openAll("b");
    bench.subscribe("b", 1, "t", "g", 10);
    bench.publish("t", "k", "3");

    assertThat(bench.gaps()).containsExactly(new Gap("t", 0, 1, 2, Gap.Reason.UNCONFIRMED));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("3");
  }

  @Test
  void a_subscription_that_was_lost_goes_on_where_it_was_unless_the_topic_is_another() {
    bench.create("t", DURABLE);
    long epoch = bench.nowMillis;
    for (int i = 0; i < 5; i++) {
      bench.publish("t", "k", "" + i);
    }
    openAll("a");

    bench.subscribe("a", 1, "t", "", 10, resume(epoch, 2, 4));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("2", "3", "4");

    bench.subscribe("a", 2, "t", "", 10, resume(epoch - 1, 2, 4));
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("0", "1", "2", "3", "4");
  }

  @Test
  void a_subscription_that_was_lost_is_given_what_was_held_back_behind_a_message_of_its_key() {
    Places places = new Places();
    bench.create("t", DURABLE);
    openAll("a", "b");
    bench.subscribe("a", 1, "t", "", 10);
    bench.publish("t", "x", "x1");
    Deliver slow = bench.deliveries().get(0);
    keepAliveFor(30_000, "a", "b");
    Deliver again = bench.deliveries().get(0);
    bench.publish("t", "x", "x2");
    bench.publish("t", "y", "y1");
    Deliver other = bench.deliveries().get(0);
    // To its bus the message is done with, though the broker did not take this for an answer.
    List.of(slow, again, other).forEach(places::taken);
    List.of(slow, other).forEach(places::settled);

    bench.one(new BrokerCommand.CloseSession("a"));
    bench.subscribe("b", 1, "t", "", 10, places.resume());

    assertThat(CoreBench.texts(List.of(slow, again, other))).containsExactly("x1", "x1", "y1");
    assertThat(CoreBench.texts(bench.deliveries())).contains("x2");
  }

  @Test
  void each_delivery_says_from_where_on_something_is_held_back() {
    bench.create("t", DURABLE);
    openAll("a");
    bench.subscribe("a", 1, "t", "", 10);
    bench.publish("t", "x", "0");
    Deliver first = bench.deliveries().get(0);
    bench.nack(first, 1_000);
    bench.publish("t", "x", "1");
    bench.publish("t", "x", "2");
    bench.core = CoreBench.restored(CoreBench.bytes(bench.core));
    bench.publish("t", "y", "3");
    Deliver other = bench.deliveries().get(0);

    bench.one(new BrokerCommand.Resume("a"));
    Deliver repeated = bench.deliveries().get(0);
    bench.pass(1_000);
    Deliver again = bench.deliveries().get(0);
    bench.ack(again);
    List<Deliver> after = bench.deliveries();

    assertThat(first.heldFrom()).isEqualTo(1);
    assertThat(other.heldFrom()).isEqualTo(1);
    assertThat(repeated.heldFrom()).isEqualTo(0);
    assertThat(again.heldFrom()).isEqualTo(1);
    assertThat(CoreBench.texts(after)).containsExactly("1", "2");
    assertThat(after.stream().map(Deliver::heldFrom)).containsExactly(2L, 4L);
  }

  @Test
  void a_group_goes_on_where_it_was_when_all_its_members_have_gone() {
    bench.create("t", DURABLE);
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.publish("t", "k", "1");
    bench.ack(bench.deliveries().get(0));
    bench.one(new BrokerCommand.CloseSession("a"));
    bench.publish("t", "k", "2");

    openAll("b");
    bench.subscribe("b", 1, "t", "g", 10);

    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("2");
  }

  @Test
  void what_is_given_up_without_a_dead_letter_topic_is_reported() {
    bench.create("t", DURABLE);
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);
    bench.publish("t", "k", "1");

    CoreBench.done(bench.settle(bench.deliveries().get(0), Verdict.REJECT, 0));

    assertThat(bench.gaps()).containsExactly(new Gap("t", 0, 0, 1, Gap.Reason.GIVEN_UP));
  }

  @Test
  void bad_commands_are_refused_and_name_the_culprit() {
    bench.create("t", DURABLE.asCompacted().withMaxMessageBytes(100));
    openAll("a");
    bench.subscribe("a", 1, "t", "g", 10);

    assertThat(text(new BrokerCommand.Create("t", MEMORY))).contains("topic t exists");
    assertThat(text(CoreBench.publishing("nope", List.of(Message.of("1")))))
        .contains("no topic nope");
    assertThat(text(CoreBench.publishing("t", List.of(Message.of("1"))))).contains("key");
    assertThat(
            text(CoreBench.publishing("t", List.of(Message.of(new byte[101]).withKey("k")))))
        .contains("102 bytes")
        .contains("topic t");
    assertThat(text(new BrokerCommand.DropGroup("t", "none"))).contains("no group none");
    assertThat(text(new BrokerCommand.DropGroup("t", "g"))).contains("group g", "1 member");
    assertThat(text(new BrokerCommand.KeepAlive("ghost"))).contains("ghost");
    assertThat(
            text(
                new BrokerCommand.Subscribe(
                    "a", 1, TopicPattern.of("t"), Optional.empty(), StartPosition.LATEST, 1)))
        .contains("another subscription 1");
    bench.publish("t", "k", "others go on");
    assertThat(CoreBench.texts(bench.deliveries())).containsExactly("others go on");
  }

  private static StartPosition resume(long epoch, long floor, long next) {
    StartPosition.Spot spot = new StartPosition.Spot(floor, next);
    StartPosition.Place place =
        new StartPosition.Place(epoch, new TreeMap<>(Map.of(0, spot)));
    return new StartPosition.Resume(new TreeMap<>(Map.of("t", place)));
  }

  private String text(BrokerCommand command) {
    return ((Outcome.Refused) bench.one(command)).refusal().text();
  }

  private static Refusal.Code refusal(Outcome outcome) {
    return ((Outcome.Refused) outcome).refusal().code();
  }

  private void openAll(String... sessions) {
    List.of(sessions).forEach(bench::open);
  }

  private Deliver named(String text) {
    List<Deliver> all = bench.deliveries();
    return all.stream().filter(d -> d.message().text().equals(text)).findFirst().orElseThrow();
  }

  private List<Integer> partitionsOf(String session) {
    List<BrokerEffect.Assign> all = bench.taken(BrokerEffect.Assign.class);
    return all.stream()
        .filter(assign -> assign.session().equals(session))
        .reduce((first, second) -> second)
        .orElseThrow()
        .partitions();
  }

  private void keepAliveFor(long millis, String... sessions) {
    for (long passed = 0; passed < millis; passed += CoreBench.LEASE / 2) {
      bench.nowMillis += CoreBench.LEASE / 2;
      for (String session : sessions) {
        bench.one(new BrokerCommand.KeepAlive(session));
      }
    }
  }
}
