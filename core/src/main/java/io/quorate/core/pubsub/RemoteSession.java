package io.quorate.core.pubsub;

import io.quorate.core.codec.MalformedException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Fetches the effects for one session from the host: one request waits there at a time, and
 * confirms what has come before. Owned by the loop of its {@link RemoteBroker}.
 */
final class RemoteSession {
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final RemoteBroker broker;
  private final String session;
  private final Broker.Listener listener;
  private long received;
  private Duration within;
  private boolean over;

  RemoteSession(RemoteBroker broker, String session, Broker.Listener listener) {
    this.broker = broker;
    this.session = session;
    this.listener = listener;
  }

  /** The session is open at the host: begins to fetch, unless it has begun before. */
  void fetch(Duration lease) {
    if (within == null) {
      within = lease;
      fetch();
    }
  }

  private void fetch() {
    if (over || broker.isClosed()) {
      return;
    }
    broker
        .request(BrokerFrames.fetch(broker.incarnation(), session, received), within)
        .whenComplete(this::answered);
  }

  private void answered(byte[] payload, Throwable failure) {
    if (over || broker.isClosed()) {
      return;
    }
    if (failure != null) {
      broker.loop().schedule(RETRY_NANOS, this::fetch);
      return;
    }
    BrokerFrames.Answer answer;
    try {
      answer = BrokerFrames.answer(payload);
    } catch (MalformedException e) {
      lost("broker is not understood: " + e.getMessage());
      return;
    }
    if (answer.incarnation() != broker.incarnation()) {
      broker.seen(answer.incarnation());
      return;
    }
    if (answer.status() != BrokerFrames.Status.EFFECTS) {
      lost("session is not open at the broker");
      return;
    }
    heard(answer);
    fetch();
  }

  private void heard(BrokerFrames.Answer answer) {
    int known = (int) Math.max(0, Math.min(answer.effects().size(), received - answer.first() + 1));
    List<BrokerEffect> news = answer.effects().subList(known, answer.effects().size());
    received = Math.max(received, answer.first() + answer.effects().size() - 1);
    if (!news.isEmpty()) {
      listener.heard(List.copyOf(news));
    }
  }

  void lost(String reason) {
    if (!over && within != null) {
      over = true;
      listener.lost(reason);
    }
  }

  void close() {
    over = true;
  }
}
