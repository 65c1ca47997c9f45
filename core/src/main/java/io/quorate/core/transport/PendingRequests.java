package io.quorate.core.transport;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.quorate.core.Clock;
import io.quorate.core.EventLoop;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Requests that wait for their answers, and their deadlines. Belongs to one event loop.
 *
 * <p>Adding and removing cost O(1) and allocate nothing: there is one timer, set for the earliest
 * deadline that was ever pending; when it fires, all that is pending is looked at. With equal
 * timeouts that is once per timeout.
 */
final class PendingRequests {
  private final EventLoop loop;
  private final Clock clock;
  private final Consumer<OutgoingRequest> timedOut;
  private final LongObjectMap<OutgoingRequest> byId = new LongObjectHashMap<>();
  private long nextId = 1;
  private EventLoop.Timer timer;
  private long timerNanos;

  /**
   * None yet.
   *
   * @param timedOut is given requests whose deadline has passed; they are not pending any more
   */
  PendingRequests(EventLoop loop, Clock clock, Consumer<OutgoingRequest> timedOut) {
    this.loop = loop;
    this.clock = clock;
    this.timedOut = timedOut;
  }

  /** Gives {@code request} its id, higher than all before. */
  void add(OutgoingRequest request) {
    request.id = nextId++;
    byId.put(request.id, request);
    if (timer == null || request.deadlineNanos - timerNanos < 0) {
      arm(request.deadlineNanos);
    }
  }

  /** Returns null if it is not pending. */
  OutgoingRequest remove(long id) {
    return byId.remove(id);
  }

  /** Those that match, in the order in which they were added. */
  List<OutgoingRequest> matching(Predicate<OutgoingRequest> which) {
    return byId.values().stream()
        .filter(which)
        .sorted(Comparator.comparingLong(request -> request.id))
        .toList();
  }

  private void arm(long deadlineNanos) {
    if (timer != null) {
      timer.cancel();
    }
    timerNanos = deadlineNanos;
    long delayNanos = Math.max(0, deadlineNanos - clock.monotonicNanos());
    timer = loop.schedule(delayNanos, this::expire);
  }

  private void expire() {
    timer = null;
    long now = clock.monotonicNanos();
    for (OutgoingRequest late : matching(request -> request.deadlineNanos - now <= 0)) {
      // Completing one may have ended another.
      if (byId.remove(late.id) != null) {
        timedOut.accept(late);
      }
    }
    byId.values().stream()
        .mapToLong(request -> request.deadlineNanos)
        .reduce((left, right) -> left - right < 0 ? left : right)
        .ifPresent(
            earliest -> {
              if (timer == null || earliest - timerNanos < 0) {
                arm(earliest);
              }
            });
  }
}
