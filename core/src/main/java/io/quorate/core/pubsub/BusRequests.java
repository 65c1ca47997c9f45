package io.quorate.core.pubsub;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** The requests of a bus that wait for their answers. Owned by the bus's loop. */
final class BusRequests {
  private record Waiting(CompletableFuture<Message> future, EventLoop.Timer timer) {}

  private final BrokerBus bus;
  private final EventLoop loop;
  private final int maxWaiting;
  private final SortedMap<Long, Waiting> byCorrelation = new TreeMap<>();

  BusRequests(BrokerBus bus, EventLoop loop, int maxWaiting) {
    this.bus = bus;
    this.loop = loop;
    this.maxWaiting = maxWaiting;
  }

  /** Asks in the session called {@code session}. */
  void ask(
      String session,
      long correlation,
      String topic,
      Message message,
      Duration deadline,
      CompletableFuture<Message> future) {
    if (byCorrelation.size() >= maxWaiting) {
      future.completeExceptionally(
          new RefusedException("more than " + maxWaiting + " requests wait"));
      return;
    }
    EventLoop.Timer timer =
        loop.schedule(
            deadline.toNanos(),
            () ->
                fail(
                    correlation,
                    new IndeterminateException("no answer from " + topic + " within " + deadline)));
    byCorrelation.put(correlation, new Waiting(future, timer));
    bus.submit(new BrokerCommand.Ask(topic, message, new ReplyTo(session, correlation)))
        .whenComplete(
            (outcomes, failure) -> {
              if (failure != null) {
                fail(correlation, BrokerBus.problem(failure));
              } else if (outcomes.get(0) instanceof Outcome.Refused refused) {
                fail(correlation, refused.refusal().toException());
              }
            });
  }

  void answered(BrokerEffect.Answered answer) {
    Waiting request = byCorrelation.remove(answer.correlation());
    if (request != null) {
      request.timer().cancel();
      request.future().complete(answer.message());
    }
  }

  private void fail(long correlation, OperationException cause) {
    Waiting request = byCorrelation.remove(correlation);
    if (request != null) {
      request.timer().cancel();
      request.future().completeExceptionally(cause);
    }
  }

  /** No answer comes any more. */
  void failAll(String reason) {
    SortedMap<Long, Waiting> failed = new TreeMap<>(byCorrelation);
    byCorrelation.clear();
    failed.values().forEach(
        request -> {
          request.timer().cancel();
          request.future().completeExceptionally(new IndeterminateException(reason));
        });
  }
}
