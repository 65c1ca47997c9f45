package io.quorate.core.transport;

import io.quorate.core.Clock;
import io.quorate.core.Text;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs why connections end, at most once a minute for each cause and peer, so that a stranger
 * cannot fill the log. Thread-safe.
 */
final class Warnings {
  private static final Logger log = LoggerFactory.getLogger(Warnings.class);
  private static final long PERIOD_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int MAX_REMEMBERED = 1_024;

  private final Clock clock;

  /** When each cause and peer was last logged; the longest ago is forgotten first. */
  private final Map<String, Long> lastNanos =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  Warnings(Clock clock) {
    this.clock = clock;
  }

  /** {@code peer} is a node or a host, and {@code detail} may be what the peer says. */
  void connectionEnded(CloseReason reason, String peer, String detail) {
    if (reason.isOrdinary()) {
      log.debug("connection ended peer={} reason={} detail={}", peer, reason, Text.quote(detail));
    } else if (isDue(reason + " " + peer)) {
      log.warn("connection ended peer={} reason={} detail={}", peer, reason, Text.quote(detail));
    }
  }

  /** Connections are refused for want of room. */
  void connectionRefused(String host, String limit) {
    if (isDue(limit + " " + host)) {
      log.warn("connection refused host={} limit={}", host, limit);
    }
  }

  private synchronized boolean isDue(String key) {
    long now = clock.monotonicNanos();
    Long last = lastNanos.get(key);
    if (last != null && now - last < PERIOD_NANOS) {
      return false;
    }
    lastNanos.remove(key);
    lastNanos.put(key, now);
    return true;
  }
}
