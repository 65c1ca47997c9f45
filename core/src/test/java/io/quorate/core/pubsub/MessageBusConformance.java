package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.IndeterminateException;
import io.quorate.core.RefusedException;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every message bus must do, wherever its topics live. Runs in the simulator; a subclass says
 * how buses come to be.
 */
public abstract class MessageBusConformance {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** The simulation that the buses are in. */
  protected final Simulation sim = Simulation.seeded(getClass().getName().hashCode());

  private List<MessageBus> buses;

  /** For subclasses. */
  protected MessageBusConformance() {}

  /** Starts at least three buses on the same topics, on different nodes if there are several. */
  protected abstract List<MessageBus> start(Simulation sim);

  /** The kinds of topics that the buses offer. */
  protected Set<TopicKind> kinds() {
    return EnumSet.allOf(TopicKind.class);
  }

  @BeforeEach
  void startBuses() {
    buses = start(sim);
  }

  @AfterEach
  void closeSimulation() {
    sim.close();
  }

  /** The bus number {@code i}. */
  protected final MessageBus bus(int i) {
    return buses.get(i);
  }

  /** What {@code future} completes with. */
  protected final <T> T await(CompletableFuture<T> future) {
    return sim.await(future, LIMIT);
  }

  /** Runs until {@code condition} holds. */
  protected final void until(BooleanSupplier condition) {
    sim.runUntil(condition, LIMIT);
  }

  private Throwable failureOf(CompletableFuture<?> future) {
    until(future::isDone);
    assertThat(future).isCompletedExceptionally();
    return future.handle((value, failure) -> failure).join();
  }

  private void create(String topic, TopicOptions options) {
    await(bus(0).create(topic, options));
  }

  private Subscription subscribe(int bus, String pattern, SubscribeOptions options, Inbox inbox) {
    return await(bus(bus).subscribe(pattern, options, inbox));
  }

  private void publish(int bus, String topic, String key, String... texts) {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    for (String text : texts) {
      receipts.add(bus(bus).publish(topic, Message.of(text).withKey(key)));
    }
    receipts.forEach(this::await);
  }

  /** A kind that delivers at least once. */
  private TopicKind acknowledged() {
    return kinds().contains(TopicKind.DURABLE) ? TopicKind.DURABLE : TopicKind.DEDUP;
  }

  private TopicOptions acknowledgedTopic() {
    return TopicOptions.of(acknowledged()).withPartitions(2);
  }

  @Test
  void every_subscriber_by_itself_gets_every_message_in_the_order_of_its_key() {
    for (TopicKind kind : kinds()) {
      String topic = "orders." + kind;
      create(topic, TopicOptions.of(kind));
      Inbox first = new Inbox();
      Inbox second = new Inbox();
      subscribe(1, topic, SubscribeOptions.defaults(), first);
      subscribe(2, topic, SubscribeOptions.defaults(), second);
      List<String> sent = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        sent.add("" + i);
      }

      publish(0, topic, "key", sent.toArray(String[]::new));

      until(() -> first.deliveries.size() >= 200 && second.deliveries.size() >= 200);
      assertThat(first.texts()).as("%s", kind).isEqualTo(sent);
      assertThat(second.texts()).as("%s", kind).isEqualTo(sent);
    }
  }

  @Test
  void members_of_a_group_share_the_messages_and_each_is_handled_once() {
    for (TopicKind kind : kinds()) {
      String topic = "shared." + kind;
      create(topic, TopicOptions.of(kind));
      Inbox first = new Inbox();
      Inbox second = new Inbox();
      subscribe(1, topic, SubscribeOptions.group("g"), first);
      subscribe(2, topic, SubscribeOptions.group("g"), second);
      for (int i = 0; i < 100; i++) {
        publish(0, topic, "key" + i, "" + i);
      }

      until(() -> first.deliveries.size() + second.deliveries.size() >= 100);
      sim.run(Duration.ofSeconds(1));

      List<String> all = new ArrayList<>(first.texts());
      all.addAll(second.texts());
      assertThat(all).as("%s", kind).hasSize(100).doesNotHaveDuplicates();
      assertThat(first.texts()).isNotEmpty();
      assertThat(second.texts()).isNotEmpty();
    }
  }

  @Test
  void a_message_that_was_refused_comes_again_after_its_delay_before_later_ones_of_its_key() {
    create("t", acknowledgedTopic());
    Inbox inbox =
        new Inbox(
            delivery -> {
              if (delivery.message().text().equals("1") && delivery.attempt() < 3) {
                delivery.nack(Duration.ofMillis(200));
              }
            });
    subscribe(1, "t", SubscribeOptions.defaults(), inbox);

    publish(0, "t", "key", "1", "2", "3");
    until(() -> inbox.texts().contains("3"));

    List<String> texts = inbox.texts();
    assertThat(texts.subList(texts.lastIndexOf("1"), texts.size()))
        .containsExactly("1", "2", "3");
  }

  @Test
  void a_subscriber_that_throws_gets_the_message_again_and_then_it_is_a_dead_letter() {
    create(
        "t",
        acknowledgedTopic()
            .withRedelivery(
                Redelivery.defaults().withMaxDeliveries(3).withDeadLetterTopic("dead")));
    Inbox poisoned =
        new Inbox(
            delivery -> {
              if (delivery.message().text().equals("bad")) {
                throw new IllegalStateException("cannot read it");
              }
            });
    Inbox healthy = new Inbox();
    Inbox letters = new Inbox();
    Duration soon = Duration.ofMillis(50);
    subscribe(0, "t", SubscribeOptions.group("g").withRetryDelay(soon), poisoned);
    subscribe(1, "t", SubscribeOptions.defaults(), healthy);
    subscribe(2, "dead", SubscribeOptions.defaults(), letters);

    publish(0, "t", "key", "bad", "good");
    until(() -> !letters.deliveries.isEmpty() && poisoned.texts().contains("good"));

    assertThat(healthy.texts()).containsExactly("bad", "good");
    DeadLetterReason reason =
        DeadLetterReason.of(letters.deliveries.get(0).message()).orElseThrow();
    assertThat(reason.topic()).isEqualTo("t");
    assertThat(reason.group()).isEqualTo("g");
    assertThat(reason.deliveries()).isEqualTo(3);
    assertThat(reason.reason()).contains("cannot read it");
  }

  @Test
  void p32_a_subscriber_that_settles_nothing_gets_its_credits_and_holds_up_nobody() {
    for (TopicKind kind : kinds()) {
      String topic = "slow." + kind;
      create(
          topic,
          TopicOptions.of(kind)
              .withOverflow(Overflow.DROP_OLDEST)
              .withRetention(Retention.defaults().withMaxMessages(100)));
      Inbox stuck = new Inbox();
      Inbox quick = new Inbox();
      SubscribeOptions byHand = SubscribeOptions.defaults().acknowledgedByHand().withCredits(5);
      subscribe(1, topic, byHand, stuck);
      subscribe(2, topic, SubscribeOptions.defaults(), quick);

      for (int i = 0; i < 500; i++) {
        publish(0, topic, "key", "" + i);
      }
      until(() -> quick.texts().contains("499"));

      assertThat(stuck.deliveries).as("%s", kind).hasSize(5);
      stuck.deliveries.forEach(Delivery::ack);
      until(() -> stuck.deliveries.size() > 5);
      assertThat(stuck.gaps).as("%s", kind).isNotEmpty();
      assertThat(stuck.gaps.get(0).fromSequence()).isEqualTo(5);
      assertThat(stuck.deliveries.get(5).sequence()).isEqualTo(stuck.gaps.get(0).toSequence());
    }
  }

  @Test
  void a_late_subscriber_learns_the_newest_value_of_each_key() {
    for (TopicKind kind : kinds()) {
      String topic = "models." + kind;
      create(topic, TopicOptions.of(kind).asCompacted());
      publish(0, topic, "a", "a1", "a2", "a3");
      publish(0, topic, "b", "b1", "b2");
      Inbox late = new Inbox();

      subscribe(1, topic, SubscribeOptions.defaults().withStart(StartPosition.RETAINED), late);

      until(() -> late.deliveries.size() >= 2);
      assertThat(late.texts()).as("%s", kind).containsExactlyInAnyOrder("a3", "b2");
    }
  }

  @Test
  void replay_begins_at_a_sequence_or_at_an_age() {
    create("t", acknowledgedTopic().withPartitions(1));
    publish(0, "t", "key", "0", "1", "2");
    sim.run(Duration.ofSeconds(60));
    publish(0, "t", "key", "3", "4");
    Inbox bySequence = new Inbox();
    Inbox byAge = new Inbox();

    StartPosition two = new StartPosition.FromSequence(2);
    StartPosition recent = new StartPosition.Since(Duration.ofSeconds(30));
    subscribe(1, "t", SubscribeOptions.defaults().withStart(two), bySequence);
    subscribe(2, "t", SubscribeOptions.defaults().withStart(recent), byAge);

    until(() -> bySequence.deliveries.size() >= 3 && byAge.deliveries.size() >= 2);
    assertThat(bySequence.texts()).containsExactly("2", "3", "4");
    assertThat(byAge.texts()).containsExactly("3", "4");
  }

  @Test
  void wildcards_match_topics_that_are_there_and_topics_that_come() {
    TopicOptions options = acknowledgedTopic();
    create("model.a.updated", options);
    Inbox one = new Inbox();
    Inbox all = new Inbox();
    subscribe(1, "model.*.updated", SubscribeOptions.defaults(), one);
    subscribe(2, "model.**", SubscribeOptions.defaults(), all);
    create("model.b.updated", options);
    create("model.b.removed", options);

    publish(0, "model.a.updated", "k", "1");
    publish(0, "model.b.updated", "k", "2");
    publish(0, "model.b.removed", "k", "3");

    until(() -> one.deliveries.size() >= 2 && all.deliveries.size() >= 3);
    assertThat(one.texts()).containsExactlyInAnyOrder("1", "2");
    assertThat(all.texts()).containsExactlyInAnyOrder("1", "2", "3");
  }

  @Test
  void a_request_is_answered_or_fails_by_its_deadline_or_because_nobody_listens() {
    create("t", acknowledgedTopic());
    Duration deadline = Duration.ofSeconds(5);
    assertThat(failureOf(bus(0).request("t", Message.of("?"), deadline)))
        .isInstanceOf(NoListenerException.class);

    Inbox server =
        new Inbox(
            delivery -> {
              if (delivery.message().text().equals("?")) {
                delivery.reply(Message.of("!"));
              }
            });
    subscribe(1, "t", SubscribeOptions.defaults(), server);

    assertThat(await(bus(0).request("t", Message.of("?"), deadline)).text()).isEqualTo("!");
    assertThat(failureOf(bus(0).request("t", Message.of("hm"), deadline)))
        .isInstanceOf(IndeterminateException.class)
        .hasMessageContaining("no answer from t");
  }

  @Test
  void p33_a_message_published_again_with_its_sequence_is_stored_once() {
    create("t", TopicOptions.of(TopicKind.DEDUP));
    Inbox inbox = new Inbox();
    subscribe(1, "t", SubscribeOptions.defaults(), inbox);
    Message message = Message.of("1").withKey("key").withProducer("me", 1);

    Receipt first = await(bus(0).publish("t", message));
    Receipt again = await(bus(2).publish("t", message));
    publish(0, "t", "key", "2");

    until(() -> inbox.texts().contains("2"));
    assertThat(inbox.texts()).containsExactly("1", "2");
    assertThat(first.duplicate()).isFalse();
    assertThat(again).isEqualTo(new Receipt(first.partition(), first.sequence(), true));
  }

  @Test
  void a_member_that_leaves_hands_its_partitions_and_unsettled_messages_to_the_others() {
    create("t", acknowledgedTopic());
    Inbox leaving = new Inbox();
    Inbox staying = new Inbox();
    SubscribeOptions byHand = SubscribeOptions.group("g").acknowledgedByHand();
    Subscription subscription = subscribe(1, "t", byHand, leaving);
    publish(0, "t", "key", "1", "2");
    until(() -> leaving.deliveries.size() >= 2);
    leaving.deliveries.get(0).ack();

    await(subscription.unsubscribe());
    subscribe(2, "t", SubscribeOptions.group("g"), staying);
    publish(0, "t", "key", "3");

    until(() -> staying.texts().contains("3"));
    assertThat(staying.texts()).containsExactly("2", "3");
    assertThat(leaving.closed).containsExactly("unsubscribed");
    assertThat(failureOf(leaving.deliveries.get(1).ack())).isInstanceOf(FencedException.class);
  }

  @Test
  void p31_a_group_goes_on_where_it_was_when_all_its_members_have_gone() {
    create("t", acknowledgedTopic());
    Inbox before = new Inbox();
    Subscription subscription = subscribe(1, "t", SubscribeOptions.group("g"), before);
    publish(0, "t", "key", "1");
    until(() -> before.deliveries.size() >= 1);
    await(subscription.unsubscribe());
    publish(0, "t", "key", "2");
    Inbox after = new Inbox();

    subscribe(2, "t", SubscribeOptions.group("g"), after);

    until(() -> after.deliveries.size() >= 1);
    assertThat(after.texts()).containsExactly("2");
  }

  @Test
  void a_topic_that_must_not_lose_refuses_when_full_until_the_group_has_settled_or_is_dropped() {
    create(
        "t",
        acknowledgedTopic()
            .withPartitions(1)
            .withRetention(Retention.defaults().withMaxMessages(2)));
    Subscription slow =
        subscribe(1, "t", SubscribeOptions.group("slow").acknowledgedByHand(), new Inbox());
    publish(0, "t", "key", "1", "2");
    Message third = Message.of("3").withKey("key");

    assertThat(failureOf(bus(0).publish("t", third)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("t is full");
    assertThat(failureOf(bus(0).dropGroup("t", "slow"))).hasMessageContaining("1 members");
    await(slow.unsubscribe());
    await(bus(0).dropGroup("t", "slow"));

    await(bus(0).publish("t", third));
  }

  @Test
  void bad_input_is_refused_and_names_the_culprit() {
    create("t", acknowledgedTopic().withMaxMessageBytes(100));

    assertThatThrownBy(() -> bus(0).publish("a..b", Message.of("1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a..b");
    assertThatThrownBy(() -> bus(0).publish("a.*", Message.of("1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("wildcards");
    assertThatThrownBy(() -> bus(0).subscribe("a.x*", SubscribeOptions.defaults(), new Inbox()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("x*");
    assertThat(failureOf(bus(0).publish("none", Message.of("1"))))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("none");
    assertThat(failureOf(bus(0).subscribe("none", SubscribeOptions.defaults(), new Inbox())))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("none");
    assertThat(failureOf(bus(0).publish("t", Message.of(new byte[101]))))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("101 bytes");
    assertThat(failureOf(bus(0).dropGroup("t", "none"))).hasMessageContaining("none");
    assertThat(failureOf(bus(1).create("t", acknowledgedTopic())))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("topic t");

    publish(0, "t", "key", "others go on");
  }

  @Test
  void closing_a_bus_ends_its_subscriptions_and_completes_every_future() {
    create("t", acknowledgedTopic());
    Inbox inbox = new Inbox();
    subscribe(1, "t", SubscribeOptions.defaults(), inbox);
    List<CompletableFuture<?>> futures = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      futures.add(bus(1).publish("t", Message.of("" + i)));
    }
    futures.add(bus(1).request("t", Message.of("?"), Duration.ofSeconds(30)));

    bus(1).close();
    bus(1).close();
    futures.add(bus(1).publish("t", Message.of("late")));
    futures.add(bus(1).subscribe("t", SubscribeOptions.defaults(), new Inbox()));

    sim.run(Duration.ofSeconds(1));
    assertThat(futures).allMatch(CompletableFuture::isDone);
    assertThat(inbox.closed).containsExactly("bus was closed");
  }
}
