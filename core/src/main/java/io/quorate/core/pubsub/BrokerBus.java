package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.Metrics;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
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
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bus on any broker. All state belongs to one event loop; subscribers are called by a thread for
 * each subscription.
 *
 * <p>The bus keeps a session open at the broker. When that is lost it opens another, subscribes
 * again, and each subscription goes on where it was, or tells its subscriber of the gap.
 */
final class BrokerBus implements MessageBus, Broker.Listener {
  private static final Logger log = LoggerFactory.getLogger(BrokerBus.class);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int MAX_WAITING = 10_000;

  /** What waits until there is a session. */
  private record Opening(long deadlineNanos, Runnable go, Consumer<OperationException> fail) {}

  private record Request(CompletableFuture<Message> future, EventLoop.Timer timer) {}

  private final Environment environment;
  private final EventLoop loop;
  private final Broker broker;
  private final BusOptions options;
  private final RandomGenerator random;
  private final Publisher publisher;
  private final Settler settler;
  private final Metrics.Counter thrown;
  private final Metrics.Counter sessionsLost;

  /** Owned by the loop, as all below but {@link #closed}. */
  private final SortedMap<Long, BusSubscription> subscriptions = new TreeMap<>();

  private final SortedMap<Long, Integer> slots = new TreeMap<>();
  private final SortedSet<Integer> freeSlots = new TreeSet<>();
  private int slotCount;
  private final Deque<Opening> openings = new ArrayDeque<>();
  private final SortedMap<Long, Request> requests = new TreeMap<>();
  private long nextNumber;
  private String session = "";
  private boolean sessionOpen;
  private EventLoop.Timer keepAlive;

  private volatile boolean closed;

  BrokerBus(Environment environment, Broker broker, BusOptions options) {
    this.environment = environment;
    this.loop = environment.eventLoop("bus-" + options.name());
    this.broker = broker;
    this.options = options;
    this.random = environment.random("bus-" + options.name());
    this.publisher = new Publisher(this, loop, options, uniqueName());
    this.settler = new Settler(this, loop, options);
    this.thrown = environment.metrics().counter("bus_subscriber_failures", "bus", options.name());
    this.sessionsLost = environment.metrics().counter("bus_sessions_lost", "bus", options.name());
    environment
        .metrics()
        .gauge("bus_pending_publishes", publisher::pending, "bus", options.name());
    loop.execute(() -> openSession(true));
  }

  private String uniqueName() {
    return options.name() + "-" + String.format("%016x", random.nextLong());
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
    return sessionOpen && session.equals(name);
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

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment is closed, and the loop with it: nobody else touches this any more.
      task.run();
    }
  }

  // The session.

  private void openSession(boolean first) {
    if (closed) {
      return;
    }
    if (!session.isEmpty()) {
      broker.forget(session);
    }
    session = uniqueName();
    broker.listen(session, this);
    sendOpen(session);
  }

  private void sendOpen(String name) {
    submit(new BrokerCommand.OpenSession(name, options.lease().toMillis()))
        .whenComplete(
            (outcomes, failure) -> {
              if (closed || !session.equals(name) || sessionOpen) {
                return;
              }
              if (failure == null && outcomes.get(0) == Outcome.DONE) {
                opened();
              } else {
                failLateOpenings();
                loop.schedule(RETRY_NANOS, () -> sendOpenAgain(name));
              }
            });
  }

  private void sendOpenAgain(String name) {
    if (!closed && session.equals(name) && !sessionOpen) {
      sendOpen(name);
    }
  }

  private void opened() {
    sessionOpen = true;
    scheduleKeepAlive();
    for (BusSubscription each : List.copyOf(subscriptions.values())) {
      subscribeAgain(each, session);
    }
    for (Opening next = openings.poll(); next != null; next = openings.poll()) {
      next.go().run();
    }
  }

  private void failLateOpenings() {
    long now = nowNanos();
    while (!openings.isEmpty() && openings.peek().deadlineNanos() - now <= 0) {
      openings.poll().fail().accept(new RefusedException("broker cannot be reached"));
    }
  }

  private void whenOpen(Runnable go, Consumer<OperationException> fail) {
    if (closed) {
      fail.accept(new RefusedException("bus is closed"));
    } else if (sessionOpen) {
      go.run();
    } else if (openings.size() >= MAX_WAITING) {
      fail.accept(new RefusedException("more than " + MAX_WAITING + " wait for the broker"));
    } else {
      openings.add(new Opening(nowNanos() + options.timeout().toNanos(), go, fail));
    }
  }

  private void scheduleKeepAlive() {
    keepAlive = loop.schedule(options.lease().toNanos() / 3, this::keepAlive);
  }

  private void keepAlive() {
    if (closed || !sessionOpen) {
      return;
    }
    String name = session;
    submit(new BrokerCommand.KeepAlive(name))
        .whenComplete(
            (outcomes, failure) -> {
              if (isSession(name)) {
                if (failure == null) {
                  notice(name, outcomes);
                }
                if (isSession(name)) {
                  scheduleKeepAlive();
                }
              }
            });
  }

  /** Learns from {@code outcomes} whether the session is over. */
  void notice(String name, List<Outcome> outcomes) {
    for (Outcome outcome : outcomes) {
      if (outcome instanceof Outcome.Refused refused
          && refused.refusal().code() == Refusal.Code.NO_SESSION
          && isSession(name)) {
        sessionOver(refused.refusal().text());
        return;
      }
    }
  }

  private void sessionOver(String reason) {
    log.info("lost session at the broker bus={} session={} reason={}", options.name(), session,
        reason);
    sessionsLost.increment();
    environment.faults().reached("bus.session-lost");
    sessionOpen = false;
    if (keepAlive != null) {
      keepAlive.cancel();
    }
    settler.fail("session is over: " + reason);
    failRequests("session is over: " + reason);
    openSession(false);
  }

  private void failRequests(String reason) {
    SortedMap<Long, Request> failed = new TreeMap<>(requests);
    requests.clear();
    failed.values().forEach(
        request -> {
          request.timer().cancel();
          request.future().completeExceptionally(new IndeterminateException(reason));
        });
  }

  @Override
  public void heard(List<BrokerEffect> effects) {
    onLoop(() -> effects.forEach(this::hear));
  }

  private void hear(BrokerEffect effect) {
    if (closed || !effect.session().equals(session)) {
      return;
    }
    if (effect instanceof BrokerEffect.Deliver deliver) {
      BusSubscription to = subscriptions.get(deliver.subscription());
      if (to != null) {
        to.heard(deliver);
      }
    } else if (effect instanceof BrokerEffect.Missed missed) {
      BusSubscription to = subscriptions.get(missed.subscription());
      if (to != null) {
        to.heard(missed.gap());
      }
    } else if (effect instanceof BrokerEffect.Assign assign) {
      BusSubscription to = subscriptions.get(assign.subscription());
      if (to != null) {
        to.heard(assign);
      }
    } else if (effect instanceof BrokerEffect.Answered answered) {
      Request request = requests.remove(answered.correlation());
      if (request != null) {
        request.timer().cancel();
        request.future().complete(answered.message());
      }
    } else if (effect instanceof BrokerEffect.Ended ended) {
      if (sessionOpen) {
        sessionOver(ended.reason());
      }
    } else {
      throw new AssertionError("unhandled effect " + effect);
    }
  }

  @Override
  public void lost(String reason) {
    onLoop(
        () -> {
          if (!closed && sessionOpen) {
            sessionOver(reason);
          }
        });
  }

  // What users call.

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
            whenOpen(
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
    String name = session;
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

  private void subscribeAgain(BusSubscription each, String name) {
    submitAgain(each, each.moveTo(name, false));
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
            whenOpen(
                () -> request(topic, message, deadline, future), future::completeExceptionally));
    return future;
  }

  private void request(
      String topic, Message message, Duration deadline, CompletableFuture<Message> future) {
    if (requests.size() >= options.maxPending()) {
      future.completeExceptionally(
          new RefusedException("more than " + options.maxPending() + " requests wait"));
      return;
    }
    long correlation = nextNumber++;
    EventLoop.Timer timer =
        loop.schedule(
            deadline.toNanos(),
            () ->
                failRequest(
                    correlation,
                    new IndeterminateException("no answer from " + topic + " within " + deadline)));
    requests.put(correlation, new Request(future, timer));
    submit(new BrokerCommand.Ask(topic, message, new ReplyTo(session, correlation)))
        .whenComplete(
            (outcomes, failure) -> {
              if (failure != null) {
                failRequest(correlation, problem(failure));
              } else if (outcomes.get(0) instanceof Outcome.Refused refused) {
                failRequest(correlation, refused.refusal().toException());
              }
            });
  }

  private void failRequest(long correlation, OperationException cause) {
    Request request = requests.remove(correlation);
    if (request != null) {
      request.timer().cancel();
      request.future().completeExceptionally(cause);
    }
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
          if (keepAlive != null) {
            keepAlive.cancel();
          }
          publisher.close();
          settler.close();
          sessionOpen = false;
          failRequests("bus was closed");
          openings.forEach(each -> each.fail().accept(new RefusedException("bus is closed")));
          openings.clear();
          List<BusSubscription> ended = List.copyOf(subscriptions.values());
          subscriptions.clear();
          ended.forEach(each -> each.end("bus was closed"));
          if (!session.isEmpty()) {
            broker.forget(session);
            broker.submit(new BrokerCommand.CloseSession(session));
          }
        });
  }
}
