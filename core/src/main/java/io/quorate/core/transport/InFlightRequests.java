package io.quorate.core.transport;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Requests that one connection has brought and that are not answered yet, bounded in number and in
 * bytes. Belongs to the connection's event loop.
 */
final class InFlightRequests {
  private static final long SWEEP_PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final TransportLimits limits;
  private final LongObjectMap<IncomingRequest> byId = new LongObjectHashMap<>();
  private long bytes;
  private long sweptNanos;

  InFlightRequests(TransportLimits limits) {
    this.limits = limits;
  }

  /**
   * Whether there is room for one more of {@code size} bytes; makes room, at most ten times a
   * second, by forgetting requests whose callers have given up.
   */
  boolean hasRoom(int size, long nowNanos) {
    if (isFull(size) && nowNanos - sweptNanos > SWEEP_PERIOD_NANOS) {
      sweep(nowNanos);
    }
    return !isFull(size);
  }

  void add(IncomingRequest request) {
    byId.put(request.id(), request);
    bytes += request.payload().length;
  }

  /** Returns null if the request has ended before. */
  IncomingRequest remove(long id) {
    IncomingRequest ended = byId.remove(id);
    if (ended != null) {
      bytes -= ended.payload().length;
    }
    return ended;
  }

  /** All of them, in the order in which they came. */
  List<IncomingRequest> all() {
    return byId.values().stream().sorted(Comparator.comparingLong(IncomingRequest::id)).toList();
  }

  /** Forgets requests whose callers have given up. */
  void sweep(long nowNanos) {
    sweptNanos = nowNanos;
    Iterator<IncomingRequest> requests = byId.values().iterator();
    while (requests.hasNext()) {
      IncomingRequest request = requests.next();
      if (request.isCancelled()) {
        bytes -= request.payload().length;
        requests.remove();
      }
    }
  }

  /** The connection has gone, and the callers with it. */
  void cancelAll() {
    byId.values().forEach(IncomingRequest::cancel);
    byId.clear();
    bytes = 0;
  }

  private boolean isFull(int size) {
    return byId.size() >= limits.maxRequestsInFlight()
        || bytes + size > limits.maxRequestBytesInFlight();
  }
}
