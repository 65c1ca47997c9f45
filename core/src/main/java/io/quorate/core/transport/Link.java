package io.quorate.core.transport;

import io.quorate.core.EventLoop.Timer;
import io.quorate.core.NodeId;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * The way to one peer: one connection at a time, made when first needed and made again after it
 * breaks, and what waits for it.
 *
 * <p>Senders on any thread reserve room and put what they send into {@link #inbox}; senders on the
 * link's own loop write at once. All else belongs to that loop. While the peer cannot be reached,
 * from the first failure until a connection is up, everything is refused at once. It is dialled again
 * when the back-off is over, or when it has called itself.
 */
final class Link {
  /** What a message costs besides its payload. */
  private static final int OVERHEAD_BYTES = 32;

  private final TcpContext shared;
  private final Dialer dialer;
  private final NodeId peer;
  private final NettyLoop loop;
  private final WriteBudget budget;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final Queue<Outbound> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean drainDue = new AtomicBoolean();
  private volatile boolean unreachable;
  private volatile boolean closed;

  private final Backoff backoff;
  private final PendingRequests pending;
  private final Queue<Outbound> waiting = new ArrayDeque<>();
  private Address address;
  private State state = State.IDLE;
  private DialedConnection connection;
  private String lastFailure = "";
  /** Ends the latest back-off; null before the first. */
  private Timer retry;

  private enum State {
    IDLE,
    CONNECTING,
    UP,
    BACKING_OFF,
    CLOSED
  }

  /** Something to be sent: exactly one of message and request is there. */
  private record Outbound(ServiceEndpoint from, byte[] message, OutgoingRequest request) {
    long cost() {
      return OVERHEAD_BYTES + (request == null ? message.length : request.payload.length);
    }
  }

  /** Makes connections. */
  interface Dialer {
    /**
     * Connects; either the connection tells its link what becomes of it, or {@code failed} runs.
     */
    void dial(Address address, NettyLoop loop, DialedConnection connection, Failed failed);

    /** Told on the link's loop why no connection was made. */
    interface Failed {
      void failed(String why);
    }
  }

  Link(TcpContext shared, Dialer dialer, NodeId peer, Address address, NettyLoop loop) {
    this.shared = shared;
    this.dialer = dialer;
    this.peer = peer;
    this.address = address;
    this.loop = loop;
    this.budget = new WriteBudget(shared.limits());
    this.backoff = new Backoff(shared.timeouts(), shared.random());
    this.pending = new PendingRequests(loop, shared.clock(), this::timedOut);
  }

  NodeId peer() {
    return peer;
  }

  boolean isWritable() {
    return !closed && !unreachable && !budget.isFull();
  }

  boolean send(ServiceEndpoint from, byte[] payload) {
    long cost = payload.length + OVERHEAD_BYTES;
    if (closed || unreachable || !budget.reserve(cost)) {
      return false;
    }
    if (canWriteNow()) {
      writeMessage(from, payload, cost);
      return true;
    }
    return enqueue(new Outbound(from, payload, null));
  }

  void request(OutgoingRequest request) {
    if (closed || unreachable) {
      request.refuse("cannot reach " + peer);
    } else if (inFlight.incrementAndGet() > shared.limits().maxRequestsInFlight()) {
      inFlight.decrementAndGet();
      request.refuse("too many requests in flight to " + peer);
    } else if (!budget.reserve(request.payload.length + OVERHEAD_BYTES)) {
      inFlight.decrementAndGet();
      request.refuse("too much is waiting to be sent to " + peer);
    } else {
      request.carriedBy = this;
      if (canWriteNow()) {
        writeRequest(request, request.startNanos);
      } else if (!enqueue(new Outbound(request.endpoint, null, request))) {
        request.refuse("transport is closed");
      }
    }
  }

  /** Has what was written leave now, if this is the link's loop. */
  void flush() {
    if (loop.inLoop() && state == State.UP) {
      connection.writer().flush();
    }
  }

  void cancel(OutgoingRequest request) {
    onLoop(
        () -> {
          if (request.id == 0) {
            // Still in the inbox, from where it is dropped because it is done.
            drain();
          }
          if (request.id != 0 && end(request.id) != null && request.sent && state == State.UP) {
            connection.cancel(request.id);
          }
        });
  }

  /** Fails the requests of {@code endpoint}. */
  void endpointClosed(ServiceEndpoint endpoint) {
    onLoop(
        () -> {
          drain();
          String reason = "endpoint of service " + endpoint.service() + " was closed";
          failPending(request -> request.endpoint == endpoint, reason);
        });
  }

  void moveTo(Address moved) {
    onLoop(
        () -> {
          if (moved.equals(address) || state == State.CLOSED) {
            return;
          }
          address = moved;
          String reason = "address of " + peer + " has changed";
          DialedConnection former = connection;
          connection = null;
          state = State.IDLE;
          unreachable = false;
          backoff.reset();
          if (former != null) {
            former.close(CloseReason.CLOSED_HERE, reason);
          }
          failPending(request -> request.sent, reason);
          if (!waiting.isEmpty()) {
            dial();
          }
        });
  }

  /**
   * Fails what is pending and closes the connection once what was written has left; then runs
   * {@code gone}.
   */
  void close(String reason, Runnable gone) {
    closed = true;
    onLoop(
        () -> {
          drain();
          state = State.CLOSED;
          dropWaiting(reason);
          failPending(request -> true, reason);
          if (connection == null) {
            gone.run();
          } else {
            connection.whenGone(gone);
            connection.closeAfterFlush(CloseReason.CLOSED_HERE, reason);
          }
        });
  }

  void release(long cost) {
    if (budget.release(cost)) {
      shared.services().writable(peer);
    }
  }

  private boolean canWriteNow() {
    return loop.inLoop() && state == State.UP && inbox.isEmpty();
  }

  private boolean enqueue(Outbound outbound) {
    inbox.add(outbound);
    if (drainDue.compareAndSet(false, true)) {
      try {
        loop.execute(this::drainOnce);
      } catch (RejectedExecutionException e) {
        // The loop has ended; nobody drains the inbox any more.
        return false;
      }
    }
    return true;
  }

  private void drainOnce() {
    drainDue.set(false);
    drain();
  }

  private void drain() {
    Outbound next;
    while ((next = inbox.poll()) != null) {
      if (state == State.UP) {
        write(next);
      } else if (state == State.IDLE || state == State.CONNECTING) {
        admit(next);
        waiting.add(next);
      } else {
        drop(next, "cannot reach " + peer + ": " + lastFailure);
      }
    }
    if (state == State.IDLE && !waiting.isEmpty()) {
      dial();
    }
  }

  /** Begins to watch the deadline of a request that has to wait. */
  private void admit(Outbound outbound) {
    if (outbound.request != null && !outbound.request.isDone()) {
      pending.add(outbound.request);
    }
  }

  private void write(Outbound outbound) {
    if (outbound.request == null) {
      writeMessage(outbound.from, outbound.message, outbound.cost());
    } else {
      writeRequest(outbound.request, shared.clock().monotonicNanos());
    }
  }

  private void writeMessage(ServiceEndpoint from, byte[] payload, long cost) {
    if (payload.length > connection.peerMaxPayloadBytes()) {
      lose(cost);
      return;
    }
    try {
      connection.message(from, payload, cost);
    } catch (OutOfMemoryError e) {
      // Shed load: this message is lost, as messages may be.
      lose(cost);
    }
  }

  private void lose(long cost) {
    shared.metrics().droppedMessages.increment();
    release(cost);
  }

  private void writeRequest(OutgoingRequest request, long nowNanos) {
    long cost = request.payload.length + OVERHEAD_BYTES;
    if (request.isDone()) {
      // Cancelled, timed out or failed while it waited.
      abandon(request, cost);
      return;
    }
    if (request.payload.length > connection.peerMaxPayloadBytes()) {
      abandon(request, cost);
      request.refuse(
          "payload of " + request.payload.length + " bytes is more than " + peer + " takes");
      return;
    }
    if (request.id == 0) {
      pending.add(request);
    }
    try {
      connection.request(request, cost, nowNanos);
      request.sent = true;
    } catch (OutOfMemoryError e) {
      abandon(request, cost);
      request.refuse("no memory to send to " + peer);
    }
  }

  /** Gives back the room of a request that is not written. */
  private void abandon(OutgoingRequest request, long cost) {
    release(cost);
    if (request.id == 0) {
      inFlight.decrementAndGet();
    } else {
      end(request.id);
    }
  }

  private void drop(Outbound outbound, String reason) {
    if (outbound.request == null) {
      lose(outbound.cost());
    } else {
      abandon(outbound.request, outbound.cost());
      outbound.request.refuse(reason);
    }
  }

  private void dropWaiting(String reason) {
    Outbound next;
    while ((next = waiting.poll()) != null) {
      drop(next, reason);
    }
  }

  private void dial() {
    state = State.CONNECTING;
    DialedConnection dialed = new DialedConnection(shared, this);
    connection = dialed;
    dialer.dial(address, loop, dialed, why -> down(dialed, false, why));
  }

  /** The handshake is done. */
  void up(DialedConnection established) {
    if (established != connection || state != State.CONNECTING) {
      established.close(CloseReason.CLOSED_HERE, "not needed any more");
      return;
    }
    state = State.UP;
    unreachable = false;
    backoff.reset();
    shared.services().connected(peer);
    Outbound next;
    while ((next = waiting.poll()) != null) {
      write(next);
    }
    drain();
  }

  /** {@code ended} has ended, or was never made. */
  void down(DialedConnection ended, boolean wasUp, String why) {
    if (wasUp) {
      shared.services().disconnected(peer);
    }
    if (ended != connection) {
      return;
    }
    connection = null;
    lastFailure = why;
    if (state == State.CLOSED) {
      return;
    }
    state = State.BACKING_OFF;
    unreachable = true;
    String reason = "connection to " + peer + " broke: " + why;
    dropWaiting("cannot reach " + peer + ": " + why);
    failPending(request -> true, reason);
    drain();
    retry = loop.schedule(backoff.nextNanos(), this::dialAgain);
  }

  private void dialAgain() {
    if (state == State.BACKING_OFF) {
      dial();
    }
  }

  /** The peer has connected to this node: it is there, so there is nothing to wait for. */
  void heardOf() {
    onLoop(
        () -> {
          if (state == State.BACKING_OFF) {
            retry.cancel();
            backoff.reset();
            dial();
          }
        });
  }

  void answered(long id, byte[] payload) {
    OutgoingRequest request = end(id);
    if (request == null) {
      shared.metrics().strayAnswers.increment();
    } else {
      request.succeed(payload);
    }
  }

  void refused(long id, String reason) {
    OutgoingRequest request = end(id);
    if (request == null) {
      shared.metrics().strayAnswers.increment();
    } else {
      request.refuse(reason);
    }
  }

  void failed(long id, String reason) {
    OutgoingRequest request = end(id);
    if (request == null) {
      shared.metrics().strayAnswers.increment();
    } else {
      request.leaveOpen(reason);
    }
  }

  /** The peer closes and has not taken requests after {@code lastTakenId}. */
  void goodbye(long lastTakenId) {
    for (OutgoingRequest request : pending.matching(each -> each.id > lastTakenId)) {
      end(request.id);
      request.refuse(peer + " is closing");
    }
  }

  private void timedOut(OutgoingRequest request) {
    inFlight.decrementAndGet();
    if (request.sent && state == State.UP) {
      connection.cancel(request.id);
    }
    request.fail("no answer from " + peer + " in time");
  }

  private void failPending(Predicate<OutgoingRequest> which, String reason) {
    for (OutgoingRequest request : pending.matching(which)) {
      end(request.id);
      request.fail(reason);
    }
  }

  private OutgoingRequest end(long id) {
    OutgoingRequest ended = pending.remove(id);
    if (ended != null) {
      inFlight.decrementAndGet();
    }
    return ended;
  }

  private void onLoop(Runnable task) {
    if (loop.inLoop()) {
      task.run();
      return;
    }
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      NettyLoops.log.debug("link's loop has ended peer={}", peer, e);
    }
  }
}
