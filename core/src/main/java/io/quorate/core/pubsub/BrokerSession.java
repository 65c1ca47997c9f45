package io.quorate.core.pubsub;

import java.util.SortedMap;
import java.util.TreeMap;

/** A bus as the broker sees it. */
final class BrokerSession extends Timed {
  final String name;
  final SortedMap<Long, BrokerSubscription> subscriptions = new TreeMap<>();
  long leaseMillis;
  long endsAtMillis;

  BrokerSession(long serial, String name) {
    super(serial);
    this.name = name;
  }

  @Override
  long dueMillis() {
    return endsAtMillis;
  }

  void renew(long nowMillis) {
    endsAtMillis = nowMillis + leaseMillis;
  }
}
