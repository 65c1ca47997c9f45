package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * Knows what is due. A thing that becomes due later than noted is left where it is and moved when
 * its turn comes, so that deadlines which are mostly pushed back cost nothing. What is due is
 * therefore decided by {@link Timed#dueMillis} alone, never by when a thing was noted: a replica
 * that was restored has noted other times and must do the same.
 */
final class Agenda {
  private record Slot(long atMillis, Timed timed) {}

  private final TreeSet<Slot> slots =
      new TreeSet<>(
          Comparator.comparingLong(Slot::atMillis).thenComparingLong(slot -> slot.timed().serial));

  /** Notes when {@code timed} is due now. */
  void update(Timed timed) {
    long dueMillis = timed.dueMillis();
    if (dueMillis < timed.lookAtMillis) {
      forget(timed);
      timed.lookAtMillis = dueMillis;
      slots.add(new Slot(dueMillis, timed));
    }
  }

  void forget(Timed timed) {
    if (timed.lookAtMillis != Timed.NEVER) {
      slots.remove(new Slot(timed.lookAtMillis, timed));
      timed.lookAtMillis = Timed.NEVER;
    }
  }

  /** Takes out what is due, in the order of serials. */
  List<Timed> due(long nowMillis) {
    if (slots.isEmpty() || slots.first().atMillis() > nowMillis) {
      return List.of();
    }
    List<Timed> due = new ArrayList<>();
    while (!slots.isEmpty() && slots.first().atMillis() <= nowMillis) {
      Timed timed = slots.pollFirst().timed();
      timed.lookAtMillis = Timed.NEVER;
      if (timed.dueMillis() <= nowMillis) {
        due.add(timed);
      } else {
        update(timed);
      }
    }
    due.sort(Comparator.comparingLong(timed -> timed.serial));
    return due;
  }

  /** When to look again; may be early. */
  OptionalLong nextMillis() {
    return slots.isEmpty() ? OptionalLong.empty() : OptionalLong.of(slots.first().atMillis());
  }
}
