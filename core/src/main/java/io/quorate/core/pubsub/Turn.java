package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the parts of a {@link BrokerCore} share: the time, what is to be done, and each other. */
final class Turn {
  final SortedMap<String, Topic> topics = new TreeMap<>();
  final Agenda agenda = new Agenda();
  private final Set<Cursor> dirty = new LinkedHashSet<>();
  private List<BrokerEffect> effects = new ArrayList<>();
  long nowMillis;
  long nextSerial;

  long serial() {
    return nextSerial++;
  }

  void emit(BrokerEffect effect) {
    effects.add(effect);
  }

  /** Effects since the last call. */
  List<BrokerEffect> takeEffects() {
    if (effects.isEmpty()) {
      return List.of();
    }
    List<BrokerEffect> taken = effects;
    effects = new ArrayList<>();
    return taken;
  }

  /** Something may be handed out at {@code cursor}. */
  void markDirty(Cursor cursor) {
    dirty.add(cursor);
  }

  /** Hands out what can be handed out; cursors take turns when credits are short. */
  void pump() {
    while (!dirty.isEmpty()) {
      List<Cursor> round = List.copyOf(dirty);
      dirty.clear();
      round.forEach(Cursor::pump);
    }
  }

  /** Stores a message that was given up; whether there was room. */
  boolean storeDeadLetter(String topic, Message message) {
    Topic target = topics.get(topic);
    return target != null && target.store(message, null, null) instanceof Outcome.Stored;
  }
}
