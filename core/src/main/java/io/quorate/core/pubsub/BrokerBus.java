package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.Metrics;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * A bus on any broker. All state belongs to one event loop; subscribers are called by a thread for
 * each subscription.
 *
 * <p>The bus has a {@link BusSession} at the broker. When that is lost the bus subscribes again in
 * the next one, and each subscription goes on where it was, or tells its subscriber of the gap.
 */
final class BrokerBus implements MessageBus {
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Environment environment;
  private final EventLoop loop;
  private final Broker broker;
  private final BusOptions options;
  private final BusSession session;
  private final Publisher publisher;
  private final Settler settler;
  private final BusRequests requests;
  private final Metrics.Counter thrown;

  /** Owned by the loop, as all below but {@link #closed}. */
  private final SortedMap<Long, BusSubscription> subscriptions = new TreeMap<>();

  private final SortedMap<Long, Integer> slots = new TreeMap<>();
  private final SortedSet<Integer> freeSlots = new TreeSet<>();
  private int slotCount;
  private long nextNumber;

  private volatile boolean closed;

  BrokerBus(Environment environment, Broker broker, BusOptions options) {
    this.environment = environment;
    this.loop = environment.eventLoop("bus-" + options.name());
    this.broker = broker;
    this.options = options;
    RandomGenerator random = environment.random("bus-" + options.name());
    Supplier<String> names =
        () -> options.name() + "-" + String.format("%016x", random.nextLong());
    this.publisher = new Publisher(this, loop, options, names.get());
    this.session = new BusSession(this, environment, loop, broker, options, names);
    this.settler = new Settler(this, loop, options);
    this.requests = new BusRequests(this, loop, options.maxPending());
    this.thrown = environment.metrics().counter("bus_subscriber_failures", "bus", options.name());
    environment
        .metrics()
        .gauge("bus_pending_publishes", publisher::pending, "bus", options.name());
    loop.execute(session::open);
  }

  long nowNanos() {
    return environment.clock().monotonicNanos();
  }

  boolean isClosed() {
    return closed;
  }

  Settler settler() {
    return settler;
  }

  void countThrown() {
    thrown.increment();
  }

  /** On the loop: whether {@code name} is the session that is open. */
  boolean isSession(String name) {
    return session.is(name);
  }

  /** Submits {@code command}; the future completes on the loop. */
  CompletableFuture<List<Outcome>> submit(BrokerCommand command) {
    CompletableFuture<List<Outcome>> future = new CompletableFuture<>();
    broker
        .submit(command)
        .whenComplete(
            (outcomes, failure) ->
                onLoop(
                    () -> {
                      if (failure == null) {
                        future.complete(outcomes);
                      } else {
                        future.completeExceptionally(failure);
                      }
                    }));
    return future;
  }

  /** {@code failure} as one that says whether there was an effect. */
  static OperationException problem(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof OperationException known
        ? known
        : new IndeterminateException("broker failed: " + cause, cause);
  }

  void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment is closed, and the loop with it: nobody else touches this any more.
      task.run();
    }
  }

  /** On the loop. */
  void sessionOpened(String name) {
    for (BusSubscription each : List.copyOf(subscriptions.values())) {
      submitAgain(each, each.moveTo(name, false));
    }
  }

  /** On the loop. */
  void sessionOver(String reason) {
    settler.fail("session is over: " + reason);
    requests.failAll("session is over: " + reason);
  }

  /** On the loop: learns from {@code outcomes} whether the session called {@code name} is over. */
  void notice(String name, List<Outcome> outcomes) {
    session.notice(name, outcomes);
  }

  /** On the loop: the broker has said {@code effect} to the session. */
  void hear(BrokerEffect effect) {
    if (effect instanceof BrokerEffect.Deliver deliver) {
      withSubscription(deliver.subscription(), to -> to.heard(deliver));
    } else if (effect instanceof BrokerEffect.Missed missed) {
      withSubscription(missed.subscription(), to -> to.heard(missed.gap()));
    } else if (effect instanceof BrokerEffect.Assign assign) {
      withSubscription(assign.subscription(), to -> to.heard(assign));
    } else if (effect instanceof BrokerEffect.Answered answered) {
      requests.answered(answered);
    } else {
      throw new AssertionError("unhandled effect " + effect);
    }
  }

  private void withSubscription(long number, Consumer<BusSubscription> action) {
    BusSubscription known = subscriptions.get(number);
    if (known != null) {
      action.accept(known);
    }
  }

  @Override
  public CompletableFuture<Void> create(String topic, TopicOptions topicOptions) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    submit(new BrokerCommand.Create(topic, topicOptions))
        .whenComplete(
            (outcomes, failure) -> {
              if (failure == null && outcomes.get(0) == Outcome.DONE) {
                publisher.know(topic, topicOptions.kind());
              }
              finish(future, outcomes, failure);
            });
    return future;
  }

  @Override
  public CompletableFuture<Void> dropGroup(String topic, String group) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    submit(new BrokerCommand.DropGroup(topic, group))
        .whenComplete((outcomes, failure) -> finish(future, outcomes, failure));
    return future;
  }

  private void finish(CompletableFuture<Void> future, List<Outcome> outcomes, Throwable failure) {
    if (failure != null) {
      future.completeExceptionally(problem(failure));
    } else if (outcomes.get(0) instanceof Outcome.Refused refused) {
      future.completeExceptionally(refused.refusal().toException());
    } else {
      future.complete(null);
    }
  }

  @Override
  public CompletableFuture<Receipt> publish(String topic, Message message) {
    TopicPattern.requireTopic(topic);
    return publisher.publish(topic, Objects.requireNonNull(message, "message"));
  }

  @Override
  public CompletableFuture<Subscription> subscribe(
      String pattern, SubscribeOptions wish, Subscriber subscriber) {
    TopicPattern topics = TopicPattern.of(pattern);
    Objects.requireNonNull(wish, "options");
    Objects.requireNonNull(subscriber, "subscriber");
    CompletableFuture<Subscription> future = new CompletableFuture<>();
    onLoop(
        () ->
            session.whenOpen(
                () -> subscribe(topics, wish, subscriber, future),
                future::completeExceptionally));
    return future;
  }

  private void subscribe(
      TopicPattern pattern,
      SubscribeOptions wish,
      Subscriber subscriber,
      CompletableFuture<Subscription> future) {
    long number = nextNumber++;
    int slot = freeSlots.isEmpty() ? slotCount++ : freeSlots.first();
    freeSlots.remove(slot);
    slots.put(number, slot);
    Executor executor =
        environment.blockingExecutor("subscriber-" + options.name() + "-" + slot);
    BusSubscription made =
        new BusSubscription(this, number, pattern, wish, subscriber, executor);
    subscriptions.put(number, made);
    String name = session.name();
    submit(made.moveTo(name, true))
        .whenComplete(
            (outcomes, failure) -> {
              if (subscriptions.get(number) != made) {
                future.completeExceptionally(new RefusedException("bus was closed"));
              } else if (failure == null
                  && outcomes.get(0) instanceof Outcome.Subscribed subscribed) {
                made.begin(subscribed.places());
                future.complete(made);
              } else {
                subscriptions.remove(number);
                made.end("could not subscribe");
                if (failure == null) {
                  Refusal refusal = ((Outcome.Refused) outcomes.get(0)).refusal();
                  future.completeExceptionally(refusal.toException());
                  notice(name, outcomes);
                } else {
                  // If it is there nevertheless, it must not take messages from its group.
                  settler.unsubscribe(name, number, null);
                  future.completeExceptionally(problem(failure));
                }
              }
            });
  }

  private void submitAgain(BusSubscription each, BrokerCommand.Subscribe command) {
    submit(command)
        .whenComplete(
            (outcomes, failure) -> {
              if (!isSession(command.session()) || subscriptions.get(each.number) != each) {
                return;
              }
              boolean again = failure != null || isMissingTopic(outcomes.get(0));
              if (again) {
                loop.schedule(RETRY_NANOS, () -> tryAgain(each, command));
              } else if (outcomes.get(0) instanceof Outcome.Refused refused) {
                Refusal refusal = refused.refusal();
                notice(command.session(), outcomes);
                if (refusal.code() != Refusal.Code.NO_SESSION) {
                  subscriptions.remove(each.number);
                  each.end("could not subscribe again: " + refusal.text());
                }
              }
            });
  }

  private void tryAgain(BusSubscription each, BrokerCommand.Subscribe command) {
    if (isSession(command.session()) && subscriptions.get(each.number) == each) {
      submitAgain(each, command);
    }
  }

  /** A broker that has lost its topics is given time to get them again. */
  private static boolean isMissingTopic(Outcome outcome) {
    return outcome instanceof Outcome.Refused refused
        && refused.refusal().code() == Refusal.Code.NO_TOPIC;
  }

  CompletableFuture<Void> unsubscribe(BusSubscription subscription) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    onLoop(
        () -> {
          boolean known = subscriptions.remove(subscription.number) != null;
          subscription.end("unsubscribed");
          if (known && !closed) {
            settler.unsubscribe(subscription.session(), subscription.number, future);
          } else {
            future.complete(null);
          }
        });
    return future;
  }

  /** The subscriber of {@code subscription} has had its last call; any thread. */
  void free(BusSubscription subscription) {
    onLoop(
        () -> {
          Integer slot = slots.remove(subscription.number);
          if (slot != null) {
            freeSlots.add(slot);
          }
        });
  }

  @Override
  public CompletableFuture<Message> request(String topic, Message message, Duration deadline) {
    TopicPattern.requireTopic(topic);
    Objects.requireNonNull(message, "message");
    if (deadline.isNegative() || deadline.isZero()) {
      throw new IllegalArgumentException("deadline must be positive, was " + deadline);
    }
    CompletableFuture<Message> future = new CompletableFuture<>();
    onLoop(
        () ->
            session.whenOpen(
                () ->
                    requests.ask(
                        session.name(), nextNumber++, topic, message, deadline, future),
                future::completeExceptionally));
    return future;
  }

  CompletableFuture<Void> answer(ReplyTo replyTo, Message answer) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    submit(new BrokerCommand.Answer(replyTo, answer))
        .whenComplete((outcomes, failure) -> finish(future, outcomes, failure));
    return future;
  }

  @Override
  public void close() {
    onLoop(
        () -> {
          if (closed) {
            return;
          }
          closed = true;
          publisher.close();
          settler.close();
          requests.failAll("bus was closed");
          List<BusSubscription> ended = List.copyOf(subscriptions.values());
          subscriptions.clear();
          ended.forEach(each -> each.end("bus was closed"));
          session.close();
        });
  }
}
