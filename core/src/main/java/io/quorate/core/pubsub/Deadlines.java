package io.quorate.core.pubsub;

import io.quorate.core.pubsub.Cursor.Unsettled;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * When unsettled messages of a cursor are due: a list, soonest first. Deliveries time out in the
 * order in which they are made, so they are added at the end and taken out at O(1); what is to come
 * again after a delay looks for its place from there.
 */
final class Deadlines {
  /** Before the first and behind the last. */
  private final Unsettled ends = new Unsettled(-1, "", Cursor.State.HELD);

  Deadlines() {
    ends.sooner = ends;
    ends.later = ends;
  }

  /** When the first is due; {@link Timed#NEVER} if there is none. */
  long firstMillis() {
    return ends.later.atMillis;
  }

  void add(Unsettled message) {
    Unsettled before = ends.sooner;
    while (before != ends && before.atMillis > message.atMillis) {
      before = before.sooner;
    }
    message.sooner = before;
    message.later = before.later;
    before.later.sooner = message;
    before.later = message;
  }

  void remove(Unsettled message) {
    message.sooner.later = message.later;
    message.later.sooner = message.sooner;
    message.sooner = null;
    message.later = null;
  }

  /** Takes out what is due, by time and then by sequence, however it came here. */
  List<Unsettled> takeDue(long nowMillis) {
    List<Unsettled> due = new ArrayList<>();
    while (firstMillis() <= nowMillis) {
      Unsettled first = ends.later;
      remove(first);
      due.add(first);
    }
    due.sort(
        Comparator.<Unsettled>comparingLong(message -> message.atMillis)
            .thenComparingLong(message -> message.sequence));
    return due;
  }
}
