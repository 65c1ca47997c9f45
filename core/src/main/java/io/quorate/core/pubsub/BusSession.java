package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Metrics;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bus's session at its broker: opened, kept alive, and when it is lost, another is opened. Owned
 * by the bus's loop, but for what the broker calls.
 */
final class BusSession implements Broker.Listener {
  private static final Logger log = LoggerFactory.getLogger(BusSession.class);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int MAX_WAITING = 10_000;

  /** What waits until there is a session. */
  private record Opening(long deadlineNanos, Runnable go, Consumer<OperationException> fail) {}

  private final BrokerBus bus;
  private final Environment environment;
  private final EventLoop loop;
  private final Broker broker;
  private final BusOptions options;
  private final Supplier<String> names;
  private final Metrics.Counter lost;
  private final Deque<Opening> openings = new ArrayDeque<>();
  private String name = "";
  private boolean open;
  private EventLoop.Timer keepAlive;

  /** @param names gives one that is unique for ever */
  BusSession(
      BrokerBus bus,
      Environment environment,
      EventLoop loop,
      Broker broker,
      BusOptions options,
      Supplier<String> names) {
    this.bus = bus;
    this.environment = environment;
    this.loop = loop;
    this.broker = broker;
    this.options = options;
    this.names = names;
    this.lost = environment.metrics().counter("bus_sessions_lost", "bus", options.name());
  }

  /** Of the session that is open, or being opened. */
  String name() {
    return name;
  }

  /** Whether {@code other} is the session that is open. */
  boolean is(String other) {
    return open && name.equals(other);
  }

  /** Opens a session in place of the former one. */
  void open() {
    if (bus.isClosed()) {
      return;
    }
    if (!name.isEmpty()) {
      broker.forget(name);
    }
    name = names.get();
    broker.listen(name, this);
    sendOpen(name);
  }

  private void sendOpen(String wanted) {
    bus.submit(new BrokerCommand.OpenSession(wanted, options.lease().toMillis()))
        .whenComplete(
            (outcomes, failure) -> {
              if (!isAwaited(wanted)) {
                return;
              }
              if (failure == null && outcomes.get(0) == Outcome.DONE) {
                opened();
              } else {
                failLateOpenings();
                loop.schedule(RETRY_NANOS, () -> sendOpenAgain(wanted));
              }
            });
  }

  private void sendOpenAgain(String wanted) {
    if (isAwaited(wanted)) {
      sendOpen(wanted);
    }
  }

  private boolean isAwaited(String wanted) {
    return !bus.isClosed() && name.equals(wanted) && !open;
  }

  private void opened() {
    open = true;
    scheduleKeepAlive();
    bus.sessionOpened(name);
    for (Opening next = openings.poll(); next != null; next = openings.poll()) {
      next.go().run();
    }
  }

  private void failLateOpenings() {
    long now = bus.nowNanos();
    while (!openings.isEmpty() && openings.peek().deadlineNanos() - now <= 0) {
      openings.poll().fail().accept(new RefusedException("broker cannot be reached"));
    }
  }

  /** Does {@code go} once there is a session, or {@code fail} if there is none in time. */
  void whenOpen(Runnable go, Consumer<OperationException> fail) {
    if (bus.isClosed()) {
      fail.accept(new RefusedException("bus is closed"));
    } else if (open) {
      go.run();
    } else if (openings.size() >= MAX_WAITING) {
      fail.accept(new RefusedException("more than " + MAX_WAITING + " wait for the broker"));
    } else {
      openings.add(new Opening(bus.nowNanos() + options.timeout().toNanos(), go, fail));
    }
  }

  private void scheduleKeepAlive() {
    keepAlive = loop.schedule(options.lease().toNanos() / 3, this::keepAlive);
  }

  private void keepAlive() {
    if (bus.isClosed() || !open) {
      return;
    }
    String kept = name;
    bus.submit(new BrokerCommand.KeepAlive(kept))
        .whenComplete(
            (outcomes, failure) -> {
              if (failure == null) {
                notice(kept, outcomes);
              }
              if (is(kept)) {
                scheduleKeepAlive();
              }
            });
  }

  /** Learns from {@code outcomes} whether the session called {@code told} is over. */
  void notice(String told, List<Outcome> outcomes) {
    for (Outcome outcome : outcomes) {
      if (outcome instanceof Outcome.Refused refused
          && refused.refusal().code() == Refusal.Code.NO_SESSION
          && is(told)) {
        over(refused.refusal().text());
        return;
      }
    }
  }

  private void over(String reason) {
    log.info("lost session at the broker bus={} session={} reason={}", options.name(), name,
        reason);
    lost.increment();
    environment.faults().reached("bus.session-lost");
    stop();
    bus.sessionOver(reason);
    open();
  }

  private void stop() {
    open = false;
    if (keepAlive != null) {
      keepAlive.cancel();
    }
  }

  @Override
  public void heard(List<BrokerEffect> effects) {
    bus.onLoop(() -> effects.forEach(this::hear));
  }

  private void hear(BrokerEffect effect) {
    if (bus.isClosed() || !effect.session().equals(name)) {
      return;
    }
    if (!(effect instanceof BrokerEffect.Ended ended)) {
      bus.hear(effect);
    } else if (open) {
      over(ended.reason());
    }
  }

  @Override
  public void lost(String reason) {
    bus.onLoop(
        () -> {
          if (!bus.isClosed() && open) {
            over(reason);
          }
        });
  }

  /** Ends the session, without another. */
  void close() {
    stop();
    openings.forEach(each -> each.fail().accept(new RefusedException("bus is closed")));
    openings.clear();
    if (!name.isEmpty()) {
      broker.forget(name);
      broker.submit(new BrokerCommand.CloseSession(name));
    }
  }
}
