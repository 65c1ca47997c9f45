package io.quorate.consensus.topic;

import io.quorate.core.pubsub.Broker;
import io.quorate.core.pubsub.BrokerEffect;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;

/** Who on this node listens to which session. Told of effects by one thread at a time. */
final class Listeners {
  /** Sorted, so that they are told in the same order on every run. */
  private final SortedMap<String, Broker.Listener> bySession = new ConcurrentSkipListMap<>();

  void add(String session, Broker.Listener listener) {
    bySession.put(session, listener);
  }

  void remove(String session) {
    bySession.remove(session);
  }

  /** The sessions that are listened to. */
  List<String> sessions() {
    return List.copyOf(bySession.keySet());
  }

  /** Nothing will be heard here any more. */
  void end(String reason) {
    List<Broker.Listener> told = List.copyOf(bySession.values());
    bySession.clear();
    told.forEach(listener -> listener.lost(reason));
  }

  /** Passes on those effects that are for sessions of this node. */
  void tell(List<BrokerEffect> effects) {
    if (effects.isEmpty() || bySession.isEmpty()) {
      return;
    }
    Map<String, List<BrokerEffect>> own = new TreeMap<>();
    for (BrokerEffect effect : effects) {
      if (bySession.containsKey(effect.session())) {
        own.computeIfAbsent(effect.session(), session -> new ArrayList<>()).add(effect);
      }
    }
    own.forEach(
        (session, heard) -> {
          Broker.Listener listener = bySession.get(session);
          if (listener != null) {
            listener.heard(heard);
          }
        });
  }

  /**
   * The replica has skipped a part of the log: what its sessions were told there is lost.
   *
   * @param before the sessions that were open before
   * @param after those that are open now
   */
  void jumped(List<String> before, List<String> after) {
    Set<String> known = new TreeSet<>(before);
    known.addAll(after);
    bySession.forEach(
        (session, listener) -> {
          if (known.contains(session)) {
            listener.lost("this replica was behind and was given a snapshot");
          }
        });
  }
}
