package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A bus whose broker carries out what it is told, while its answers are lost or late. */
class AnswersTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final Simulation sim = Simulation.seeded(1);
  private final Environment environment =
      sim.<Environment>node(NodeId.of("a"), started -> started).environment();
  private final Scripted broker = new Scripted(Broker.inProcess(environment, "main"));
  private final MessageBus bus = MessageBus.on(environment, broker, BusOptions.defaults());

  /** What becomes of one command. */
  private interface Script {
    CompletableFuture<List<Outcome>> submit(BrokerCommand command);
  }

  /** A broker in this process behind a script. */
  private static final class Scripted implements Broker {
    final Broker real;
    final List<BrokerCommand> told = new ArrayList<>();
    Script script;

    Scripted(Broker real) {
      this.real = real;
      this.script = real::submit;
    }

    @Override
    public CompletableFuture<List<Outcome>> submit(BrokerCommand command) {
      told.add(command);
      return script.submit(command);
    }

    @Override
    public void listen(String session, Listener listener) {
      real.listen(session, listener);
    }

    @Override
    public void forget(String session) {
      real.forget(session);
    }

    @Override
    public void close() {
      real.close();
    }

    <T extends BrokerCommand> List<T> told(Class<T> type) {
      return told.stream().filter(type::isInstance).map(type::cast).toList();
    }
  }

  private Inbox subscribed(TopicKind kind, Inbox inbox) {
    sim.await(bus.create("t", TopicOptions.of(kind).withPartitions(1)), LIMIT);
    sim.await(bus.subscribe("t", SubscribeOptions.defaults(), inbox), LIMIT);
    return inbox;
  }

  private Throwable failureOf(CompletableFuture<Receipt> receipt) {
    sim.runUntil(receipt::isDone, LIMIT);
    return receipt.handle((stored, failure) -> failure).join();
  }

  /** Carries out the first and loses its answer; does with later ones what {@code then} says. */
  private void loseTheFirstAnswerTo(Class<? extends BrokerCommand> type, Script then) {
    broker.script =
        command -> {
          CompletableFuture<List<Outcome>> answer =
              type.isInstance(command) && broker.told(type).size() > 1
                  ? then.submit(command)
                  : broker.real.submit(command);
          return type.isInstance(command) && broker.told(type).size() == 1
              ? answer.thenCompose(
                  outcomes ->
                      CompletableFuture.failedFuture(new IndeterminateException("answer lost")))
              : answer;
        };
  }

  @Test
  void a_message_that_may_have_been_stored_is_not_reported_as_refused_by_a_later_attempt() {
    Inbox inbox = subscribed(TopicKind.DEDUP, new Inbox());
    loseTheFirstAnswerTo(
        BrokerCommand.Publish.class,
        command -> CompletableFuture.failedFuture(new RefusedException("too much waits")));

    Throwable failure = failureOf(bus.publish("t", Message.of("1")));

    assertThat(inbox.texts()).containsExactly("1");
    assertThat(broker.told(BrokerCommand.Publish.class)).hasSizeGreaterThan(1);
    assertThat(failure)
        .isInstanceOf(IndeterminateException.class)
        .hasMessageContaining("an earlier attempt has no answer");
  }

  @Test
  void a_message_that_was_refused_each_time_is_reported_as_refused() {
    Inbox inbox = subscribed(TopicKind.DEDUP, new Inbox());
    broker.script =
        command ->
            command instanceof BrokerCommand.Publish
                ? CompletableFuture.failedFuture(new RefusedException("too much waits"))
                : broker.real.submit(command);

    Throwable failure = failureOf(bus.publish("t", Message.of("1")));

    assertThat(failure).isInstanceOf(RefusedException.class).hasMessage("too much waits");
    assertThat(inbox.texts()).isEmpty();
  }

  @Test
  void a_message_whose_answer_was_lost_is_sent_again_under_its_sequence_and_stored_once() {
    Inbox inbox = subscribed(TopicKind.DEDUP, new Inbox());
    loseTheFirstAnswerTo(BrokerCommand.Publish.class, broker.real::submit);

    Receipt receipt = sim.await(bus.publish("t", Message.of("1")), LIMIT);
    sim.await(bus.publish("t", Message.of("2")), LIMIT);
    sim.runUntil(() -> inbox.texts().contains("2"), LIMIT);

    assertThat(receipt).isEqualTo(new Receipt(0, 0, true));
    assertThat(inbox.texts()).containsExactly("1", "2");
  }

  /**
   * As beside a replica: a delivery comes from there as soon as it is applied, the answer to the
   * settlement that led to it by way of the leader.
   */
  private void answerSettlementsAfter(Duration delay) {
    broker.script =
        command -> {
          CompletableFuture<List<Outcome>> answer = broker.real.submit(command);
          if (!(command instanceof BrokerCommand.Settle)) {
            return answer;
          }
          CompletableFuture<List<Outcome>> late = new CompletableFuture<>();
          answer.thenAccept(
              outcomes ->
                  environment
                      .eventLoop("late")
                      .schedule(delay.toNanos(), () -> late.complete(outcomes)));
          return late;
        };
  }

  @Test
  void a_refused_message_that_comes_again_before_the_answer_waits_for_it_and_is_handled_once() {
    Inbox inbox =
        subscribed(
            TopicKind.DURABLE,
            new Inbox(
                delivery -> {
                  if (delivery.message().text().equals("1") && delivery.attempt() == 1) {
                    delivery.nack(Duration.ZERO);
                  }
                }));
    answerSettlementsAfter(Duration.ofMillis(20));

    publishWithOneKey("1", "2", "3");
    sim.run(Duration.ofSeconds(1));
    int settlements = broker.told(BrokerCommand.Settle.class).size();
    sim.run(Duration.ofSeconds(5));

    List<String> texts = inbox.texts();
    assertThat(texts.subList(texts.lastIndexOf("1"), texts.size()))
        .containsExactly("1", "2", "3");
    assertThat(texts.stream().filter("1"::equals)).hasSize(2);
    assertThat(texts.stream().filter("3"::equals)).hasSize(1);
    assertThat(broker.told(BrokerCommand.Settle.class)).hasSize(settlements);
  }

  @Test
  void what_waits_behind_messages_that_were_given_back_is_not_handled_once_its_session_is_over() {
    Inbox inbox =
        new Inbox(
            delivery -> {
              if (delivery.message().text().equals("1") && delivery.attempt() == 1) {
                delivery.nack(Duration.ZERO);
              }
            });
    sim.await(bus.create("t", TopicOptions.of(TopicKind.DURABLE).withPartitions(1)), LIMIT);
    publishWithOneKey("1", "2");
    broker.script =
        command ->
            command instanceof BrokerCommand.Settle
                ? new CompletableFuture<>()
                : broker.real.submit(command);
    SubscribeOptions fromTheBeginning =
        SubscribeOptions.group("g").withStart(StartPosition.EARLIEST);
    sim.await(bus.subscribe("t", fromTheBeginning, inbox), LIMIT);
    sim.runUntil(() -> !inbox.deliveries.isEmpty(), LIMIT);
    publishWithOneKey("3");
    sim.run(Duration.ofMillis(100));
    assertThat(inbox.texts()).containsExactly("1");

    broker.script = broker.real::submit;
    String session = ((HeldDelivery) inbox.deliveries.get(0)).effect().session();
    broker.real.submit(new BrokerCommand.CloseSession(session));
    sim.run(Duration.ofSeconds(5));

    assertThat(inbox.texts()).containsExactly("1", "1", "2", "3");
  }

  private void publishWithOneKey(String... texts) {
    for (String text : texts) {
      sim.await(bus.publish("t", Message.of(text).withKey("key")), LIMIT);
    }
  }

  private void publish(int count) {
    for (int i = 0; i < count; i++) {
      sim.await(bus.publish("t", Message.of("" + i).withKey("k" + i % 3)), LIMIT);
    }
  }

  /** Deliveries of which {@code settle} says something. */
  private static int countOf(BrokerCommand.Settle settle) {
    return settle.settlements().stream().mapToInt(BrokerCommand.Settlement::count).sum();
  }

  @Test
  void acknowledgements_that_nobody_waits_for_gather_and_are_said_as_one() {
    Inbox inbox = subscribed(TopicKind.DURABLE, new Inbox());

    publish(50);
    sim.run(Duration.ofSeconds(1));

    assertThat(inbox.deliveries).hasSize(50);
    List<BrokerCommand.Settle> told = broker.told(BrokerCommand.Settle.class);
    assertThat(told).hasSizeLessThan(10).allMatch(settle -> settle.settlements().size() == 1);
    assertThat(told.stream().mapToInt(AnswersTest::countOf).sum()).isEqualTo(50);
  }

  @Test
  void acknowledgements_do_not_wait_once_half_of_the_credits_are_gone() {
    Duration delay = Duration.ofSeconds(1);
    MessageBus slow =
        MessageBus.on(
            environment,
            broker,
            BusOptions.defaults().withName("slow").withAcknowledgeDelay(delay));
    sim.await(bus.create("t", TopicOptions.of(TopicKind.DURABLE).withPartitions(1)), LIMIT);
    Inbox inbox = new Inbox();
    sim.await(slow.subscribe("t", SubscribeOptions.defaults().withCredits(4), inbox), LIMIT);
    long before = sim.nowNanos();

    publish(40);
    sim.runUntil(() -> inbox.deliveries.size() == 40, LIMIT);

    assertThat(sim.nowNanos() - before).isLessThan(delay.toNanos());
    sim.run(delay.multipliedBy(2));
    assertThat(
            broker.told(BrokerCommand.Settle.class).stream().mapToInt(AnswersTest::countOf).sum())
        .isEqualTo(40);
  }

  @Test
  void what_has_gathered_is_said_before_the_subscription_ends() {
    Inbox before = new Inbox();
    sim.await(bus.create("t", TopicOptions.of(TopicKind.DURABLE).withPartitions(1)), LIMIT);
    Subscription leaving =
        sim.await(bus.subscribe("t", SubscribeOptions.group("g"), before), LIMIT);
    publish(3);
    sim.runUntil(() -> before.deliveries.size() == 3, LIMIT);

    sim.await(leaving.unsubscribe(), LIMIT);
    Inbox after = new Inbox();
    sim.await(bus.subscribe("t", SubscribeOptions.group("g"), after), LIMIT);
    publish(1);
    sim.runUntil(() -> !after.deliveries.isEmpty(), LIMIT);

    assertThat(after.texts()).containsExactly("0");
  }

  @Test
  void each_of_several_acknowledged_as_one_learns_whether_it_counted() {
    Inbox inbox = new Inbox();
    sim.await(bus.create("t", TopicOptions.of(TopicKind.DURABLE).withPartitions(1)), LIMIT);
    sim.await(bus.subscribe("t", SubscribeOptions.defaults().acknowledgedByHand(), inbox), LIMIT);
    publish(6);
    sim.runUntil(() -> inbox.deliveries.size() == 6, LIMIT);
    broker.script =
        command ->
            command instanceof BrokerCommand.Settle settle
                ? CompletableFuture.completedFuture(
                    settle.settlements().stream()
                        .map(each -> each.count() == 1 ? Outcome.DONE : fenced(each.tag() + 1))
                        .toList())
                : broker.real.submit(command);

    List<CompletableFuture<Void>> acks =
        List.of(0, 1, 2, 4, 5).stream().map(i -> inbox.deliveries.get(i).ack()).toList();
    sim.runUntil(() -> acks.stream().allMatch(CompletableFuture::isDone), LIMIT);

    List<BrokerCommand.Settle> told = broker.told(BrokerCommand.Settle.class);
    assertThat(told).hasSize(1);
    assertThat(told.get(0).settlements())
        .containsExactly(
            BrokerCommand.Settlement.acks(0, 1, 3), BrokerCommand.Settlement.acks(0, 5, 2));
    assertThat(acks.stream().map(CompletableFuture::isCompletedExceptionally))
        .containsExactly(false, true, false, false, true);
  }

  private static Outcome fenced(long tag) {
    return new Outcome.PartlyFenced(List.of(tag));
  }
}
