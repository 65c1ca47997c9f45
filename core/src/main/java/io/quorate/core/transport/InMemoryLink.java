package io.quorate.core.transport;

import io.quorate.core.EventLoop.Timer;
import io.quorate.core.NodeId;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The direction from one node to another within one JVM, requests and their answers. Thread-safe.
 */
final class InMemoryLink {
  private final InMemoryTransport from;
  private final InMemoryTransport to;
  private final WriteBudget budget;
  private final AtomicLong nextId = new AtomicLong(1);
  private final AtomicInteger inFlight = new AtomicInteger();
  private final ConcurrentSkipListMap<Long, Pending> pending = new ConcurrentSkipListMap<>();
  private final IncomingRequest.Replies answers = new Answers();
  private volatile boolean closed;

  /** A request that waits for its answer. */
  private static final class Pending {
    private final OutgoingRequest request;
    private final IncomingRequest arrived;
    private volatile Timer timer;
    private volatile boolean sent;

    private Pending(OutgoingRequest request, IncomingRequest arrived) {
      this.request = request;
      this.arrived = arrived;
    }

    private void fail(String reason) {
      if (sent) {
        request.leaveOpen(reason);
      } else {
        request.refuse(reason);
      }
    }

    private void cancelTimer() {
      Timer running = timer;
      if (running != null) {
        running.cancel();
      }
    }
  }

  InMemoryLink(InMemoryTransport from, InMemoryTransport to) {
    this.from = from;
    this.to = to;
    this.budget = new WriteBudget(from.limits());
  }

  NodeId target() {
    return to.self();
  }

  InMemoryTransport to() {
    return to;
  }

  InMemoryTransport from() {
    return from;
  }

  boolean isWritable() {
    return !closed && !budget.isFull();
  }

  boolean send(String service, byte[] payload) {
    ServiceEndpoint endpoint = to.services().find(service);
    int bytes = payload.length;
    if (closed || payload.length > to.limits().maxPayloadBytes() || !budget.reserve(bytes)) {
      return false;
    }
    if (endpoint == null) {
      // Taken and lost, as if the other side had found nobody to give it to.
      release(bytes);
      return true;
    }
    byte[] copy = payload.clone();
    return deliver(endpoint, bytes, () -> endpoint.message(from.self(), copy));
  }

  void request(OutgoingRequest request) {
    int bytes = request.payload.length;
    if (closed) {
      request.refuse("connection to " + target() + " is closed");
    } else if (bytes > to.limits().maxPayloadBytes()) {
      request.refuse("payload of " + bytes + " bytes is more than " + target() + " takes");
    } else if (inFlight.incrementAndGet() > from.limits().maxRequestsInFlight()) {
      inFlight.decrementAndGet();
      request.refuse("too many requests in flight to " + target());
    } else if (!budget.reserve(bytes)) {
      inFlight.decrementAndGet();
      request.refuse("too much is waiting to be sent to " + target());
    } else {
      start(request, bytes);
    }
  }

  void cancel(OutgoingRequest request) {
    Pending cancelled = remove(request.id);
    if (cancelled != null) {
      cancelled.arrived.cancel();
    }
  }

  /** Fails the requests of {@code endpoint}, or of all if it is null. */
  void fail(ServiceEndpoint endpoint, String reason) {
    for (Pending each : pending.values()) {
      if (endpoint == null || each.request.endpoint == endpoint) {
        each.arrived.cancel();
        end(each.request.id, () -> each.fail(reason));
      }
    }
  }

  void close(String reason) {
    closed = true;
    fail(null, reason);
  }

  private void start(OutgoingRequest request, int bytes) {
    ServiceEndpoint endpoint = to.services().find(request.endpoint.service());
    if (endpoint == null) {
      release(bytes);
      inFlight.decrementAndGet();
      request.refuse("no service " + request.endpoint.service() + " on " + target());
      return;
    }
    long id = nextId.getAndIncrement();
    request.id = id;
    request.carriedBy = this;
    IncomingRequest arrived =
        new IncomingRequest(
            answers, from.self(), id, request.payload.clone(), request.deadlineNanos);
    Pending entry = new Pending(request, arrived);
    pending.put(id, entry);
    if (armTimer(entry) && deliver(endpoint, bytes, () -> endpoint.request(arrived))) {
      entry.sent = true;
    }
    if (!entry.sent || closed || request.isDone()) {
      // Not delivered; or closed or cancelled before the entry was there to be found.
      arrived.cancel();
      end(id, () -> entry.fail("connection to " + target() + " is closed"));
    }
  }

  private boolean armTimer(Pending entry) {
    long timeoutNanos = Math.max(0, entry.request.deadlineNanos - from.monotonicNanos());
    try {
      entry.timer =
          entry.request.endpoint.loop().schedule(timeoutNanos, () -> timeOut(entry, timeoutNanos));
      return true;
    } catch (RejectedExecutionException e) {
      // The caller's loop has ended: the request is refused.
      return false;
    }
  }

  private void timeOut(Pending late, long timeoutNanos) {
    long millis = TimeUnit.NANOSECONDS.toMillis(timeoutNanos);
    late.arrived.cancel();
    end(
        late.request.id,
        () -> late.fail("no answer from " + target() + " within " + millis + " ms"));
  }

  private boolean deliver(ServiceEndpoint endpoint, int bytes, Runnable call) {
    try {
      endpoint
          .loop()
          .execute(
              () -> {
                release(bytes);
                call.run();
              });
      return true;
    } catch (RejectedExecutionException e) {
      release(bytes);
      return false;
    }
  }

  private void release(int bytes) {
    if (budget.release(bytes)) {
      from.services().writable(target());
    }
  }

  private Pending remove(long id) {
    Pending ended = pending.remove(id);
    if (ended != null) {
      inFlight.decrementAndGet();
      ended.cancelTimer();
    }
    return ended;
  }

  private void end(long id, Runnable completion) {
    if (remove(id) != null) {
      completion.run();
    }
  }

  /** Takes answers back to the caller. */
  private final class Answers implements IncomingRequest.Replies {
    @Override
    public void reply(IncomingRequest arrived, IncomingRequest.Answer answer, byte[] payload) {
      Pending answered = remove(arrived.id());
      if (answered == null) {
        return;
      }
      OutgoingRequest request = answered.request;
      switch (answer) {
        case RESPONSE, LAST_USED_RESPONSE -> request.succeed(payload.clone());
        case REFUSAL -> request.refuse(new String(payload, StandardCharsets.UTF_8));
        case FAILURE -> request.leaveOpen(new String(payload, StandardCharsets.UTF_8));
      }
    }

    @Override
    public long monotonicNanos() {
      return to.monotonicNanos();
    }

    @Override
    public int maxPayloadBytes() {
      return to.maxPayloadBytes();
    }
  }
}
