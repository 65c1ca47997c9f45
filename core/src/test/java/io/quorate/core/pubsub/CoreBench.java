package io.quorate.core.pubsub;

import io.quorate.core.pubsub.BrokerCommand.Settlement;
import io.quorate.core.pubsub.BrokerCommand.Verdict;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A broker core with a clock that tests turn. */
final class CoreBench {
  static final long LEASE = 10_000;

  BrokerCore core = new BrokerCore();
  long nowMillis = 1_000;

  /** Effects since they were last taken. */
  final List<BrokerEffect> heard = new ArrayList<>();

  List<Outcome> step(BrokerCommand command) {
    BrokerCore.Step step = core.step(nowMillis, command);
    heard.addAll(step.effects());
    return step.outcomes();
  }

  Outcome one(BrokerCommand command) {
    List<Outcome> outcomes = step(command);
    if (outcomes.size() != 1) {
      throw new AssertionError("one outcome expected: " + outcomes);
    }
    return outcomes.get(0);
  }

  void create(String topic, TopicOptions options) {
    done(one(new BrokerCommand.Create(topic, options)));
  }

  void open(String session) {
    done(one(new BrokerCommand.OpenSession(session, LEASE)));
  }

  Receipt publish(String topic, String key, String text) {
    return publish(topic, message(key, text));
  }

  Receipt publish(String topic, Message message) {
    Outcome outcome = one(CoreBench.publishing(topic, List.of(message)));
    if (outcome instanceof Outcome.Stored stored) {
      return stored.receipt();
    }
    throw new AssertionError("not stored: " + outcome);
  }

  static BrokerCommand publishing(String topic, List<Message> messages) {
    return new BrokerCommand.Publish(topic, Optional.empty(), messages);
  }

  static Message message(String key, String text) {
    Message message = Message.of(text);
    return key.isEmpty() ? message : message.withKey(key);
  }

  void subscribe(String session, long number, String pattern, String group, int credits) {
    subscribe(session, number, pattern, group, credits, StartPosition.EARLIEST);
  }

  void subscribe(
      String session,
      long number,
      String pattern,
      String group,
      int credits,
      StartPosition start) {
    Outcome outcome =
        one(
            new BrokerCommand.Subscribe(
                session,
                number,
                TopicPattern.of(pattern),
                group.isEmpty() ? Optional.empty() : Optional.of(group),
                start,
                credits));
    if (!(outcome instanceof Outcome.Subscribed)) {
      throw new AssertionError("not subscribed: " + outcome);
    }
  }

  Outcome settle(BrokerEffect.Deliver delivery, Verdict verdict, long delayMillis) {
    return one(
        new BrokerCommand.Settle(
            delivery.session(),
            List.of(
                new Settlement(
                    delivery.subscription(), delivery.tag(), verdict, delayMillis, "why"))));
  }

  /** Acknowledges {@code count} deliveries from {@code first} on as one. */
  Outcome ackAll(BrokerEffect.Deliver first, int count) {
    return one(
        new BrokerCommand.Settle(
            first.session(),
            List.of(Settlement.acks(first.subscription(), first.tag(), count))));
  }

  void ack(BrokerEffect.Deliver delivery) {
    done(settle(delivery, Verdict.ACK, 0));
  }

  void nack(BrokerEffect.Deliver delivery, long delayMillis) {
    Outcome outcome = settle(delivery, Verdict.NACK, delayMillis);
    if (!(outcome instanceof Outcome.PutBack)) {
      throw new AssertionError("not put back: " + outcome);
    }
  }

  void pass(long millis) {
    nowMillis += millis;
    step(new BrokerCommand.Tick());
  }

  /** Deliveries since they were last taken. */
  List<BrokerEffect.Deliver> deliveries() {
    return taken(BrokerEffect.Deliver.class);
  }

  List<Gap> gaps() {
    return taken(BrokerEffect.Missed.class).stream().map(BrokerEffect.Missed::gap).toList();
  }

  <E extends BrokerEffect> List<E> taken(Class<E> kind) {
    List<E> found = heard.stream().filter(kind::isInstance).map(kind::cast).toList();
    heard.removeAll(found);
    return found;
  }

  static List<String> texts(List<BrokerEffect.Deliver> deliveries) {
    return deliveries.stream().map(delivery -> delivery.message().text()).toList();
  }

  static void done(Outcome outcome) {
    if (outcome != Outcome.DONE) {
      throw new AssertionError("not done: " + outcome);
    }
  }

  static byte[] bytes(BrokerCore core) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      core.freeze().writeTo(out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static BrokerCore restored(byte[] bytes) {
    try {
      BrokerCore core = new BrokerCore();
      core.restore(new ByteArrayInputStream(bytes));
      return core;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
