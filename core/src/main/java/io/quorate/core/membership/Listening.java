package io.quorate.core.membership;

import io.quorate.core.Metrics;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listener and the events that wait for it, in order. They wait here and not with the protocol,
 * which only ever adds to them.
 */
final class Listening implements Membership.Subscription {
  private static final Logger log = LoggerFactory.getLogger(Listening.class);
  /** Told in one go; then others that use the executor have their turn. */
  private static final int BATCH = 64;

  private final Executor executor;
  private final MembershipListener listener;
  private final Metrics.Counter failures;
  /** Guarded by this. */
  private final Deque<MembershipEvent> waiting = new ArrayDeque<>();

  private boolean telling;
  private volatile boolean closed;

  /** {@code failures} counts events that the listener threw at, and listeners given up. */
  Listening(Executor executor, MembershipListener listener, Metrics.Counter failures) {
    this.executor = executor;
    this.listener = listener;
    this.failures = failures;
  }

  boolean isClosed() {
    return closed;
  }

  void tell(MembershipEvent event) {
    synchronized (this) {
      if (closed) {
        return;
      }
      if (waiting.size() == Membership.MAX_WAITING_EVENTS) {
        giveUp("it is too far behind", null);
        return;
      }
      waiting.addLast(event);
      if (telling) {
        return;
      }
      telling = true;
    }
    begin();
  }

  @Override
  public void close() {
    closed = true;
  }

  private void begin() {
    try {
      executor.execute(this::tellSome);
    } catch (RejectedExecutionException e) {
      giveUp("its executor takes nothing any more", e);
    }
  }

  private void tellSome() {
    for (int told = 0; told < BATCH; told++) {
      MembershipEvent next;
      synchronized (this) {
        next = waiting.pollFirst();
        if (next == null) {
          telling = false;
          return;
        }
      }
      if (!closed) {
        tellOne(next);
      }
    }
    begin();
  }

  private void tellOne(MembershipEvent event) {
    try {
      listener.onEvent(event);
    } catch (RuntimeException e) {
      // The listener's mistake: it goes on with the next event, and nobody else is affected.
      failures.increment();
      log.error("membership listener failed event={}", event.kind(), e);
    } catch (Error e) {
      // What is left of this run will not be told: rather nothing more than with a gap.
      giveUp("it failed with an error", e);
      throw e;
    }
  }

  private void giveUp(String why, Throwable cause) {
    closed = true;
    failures.increment();
    log.error("membership listener given up reason={}", why, cause);
  }
}
