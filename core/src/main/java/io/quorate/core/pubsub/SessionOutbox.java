package io.quorate.core.pubsub;

import io.quorate.core.EventLoop;
import io.quorate.core.pubsub.BrokerCommand.Settlement;
import io.quorate.core.pubsub.BrokerCommand.Verdict;
import io.quorate.core.transport.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Effects for one session on another node, numbered, until it has confirmed them. Owned by the
 * host's loop.
 */
final class SessionOutbox {
  private static final int MAX_BATCH = 1_024;
  private static final int MAX_BATCH_BYTES = 1 << 20;

  private final Broker broker;
  private final String session;
  private final EventLoop loop;
  private final long incarnation;
  private final Deque<BrokerEffect> effects = new ArrayDeque<>();

  /** The number of the first of {@link #effects}. */
  private long first = 1;

  /** Who waits for more; null if nobody does. */
  private Request waiting;

  private EventLoop.Timer timer;

  SessionOutbox(Broker broker, String session, EventLoop loop, long incarnation) {
    this.broker = broker;
    this.session = session;
    this.loop = loop;
    this.incarnation = incarnation;
  }

  void add(List<BrokerEffect> more) {
    effects.addAll(more);
    if (waiting != null) {
      answerWaiting();
    }
  }

  /** The session has all up to {@code confirmed} and wants what follows, now or later. */
  void fetch(Request request, long confirmed) {
    while (first <= confirmed && !effects.isEmpty()) {
      effects.poll();
      first++;
    }
    answerWaiting();
    waiting = request;
    if (!effects.isEmpty()) {
      answerWaiting();
    } else {
      // In time for the answer to arrive while somebody waits for it.
      timer = loop.schedule(request.remainingNanos() / 2, () -> giveUp(request));
    }
  }

  private void giveUp(Request request) {
    if (waiting == request) {
      answerWaiting();
    }
  }

  private void answerWaiting() {
    if (waiting == null) {
      return;
    }
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    Request request = waiting;
    waiting = null;
    List<byte[]> batch = new ArrayList<>();
    int bytes = 0;
    for (BrokerEffect effect : effects) {
      byte[] encoded = BrokerEffect.CODEC.encode(effect);
      bytes += encoded.length;
      if (batch.size() >= MAX_BATCH || (!batch.isEmpty() && bytes > MAX_BATCH_BYTES)) {
        break;
      }
      batch.add(encoded);
    }
    try {
      request.respond(BrokerFrames.effects(incarnation, first, batch));
    } catch (IllegalArgumentException e) {
      // More than the transport carries, so it is the first and only one.
      replaceFirst(e.getMessage());
      request.respond(BrokerFrames.effects(incarnation, first, List.of()));
    }
  }

  /** What cannot be carried is given up, and reported in its place. */
  private void replaceFirst(String reason) {
    if (effects.poll() instanceof BrokerEffect.Deliver large) {
      long sequence = large.sequence();
      Gap gap =
          new Gap(
              large.topic(), large.partition(), sequence, sequence + 1, Gap.Reason.TOO_LARGE);
      effects.addFirst(new BrokerEffect.Missed(session, large.subscription(), gap));
      Settlement reject =
          new Settlement(large.subscription(), large.tag(), Verdict.REJECT, 0, reason);
      broker.submit(new BrokerCommand.Settle(session, List.of(reject)));
    } else {
      first++;
    }
  }

  void close() {
    if (timer != null) {
      timer.cancel();
    }
    if (waiting != null) {
      if (effects.isEmpty()) {
        waiting.respond(BrokerFrames.status(BrokerFrames.Status.GONE, incarnation));
        waiting = null;
      } else {
        answerWaiting();
      }
    }
  }
}
