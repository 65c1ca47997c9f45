package io.quorate.core.transport;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An endpoint: checks what is sent, and calls the handler on the endpoint's loop. Thread-safe. */
final class ServiceEndpoint implements Endpoint {
  private static final Logger log = LoggerFactory.getLogger(ServiceEndpoint.class);

  private final Carrier carrier;
  private final String service;
  private final int number;
  private final EventLoop loop;
  private final Handler handler;
  private volatile boolean closed;

  /**
   * Opens it.
   *
   * @param number stands for {@code service} on this node's connections
   */
  ServiceEndpoint(Carrier carrier, String service, int number, EventLoop loop, Handler handler) {
    this.carrier = carrier;
    this.service = service;
    this.number = number;
    this.loop = Objects.requireNonNull(loop, "loop");
    this.handler = Objects.requireNonNull(handler, "handler");
  }

  String service() {
    return service;
  }

  int number() {
    return number;
  }

  EventLoop loop() {
    return loop;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public boolean send(NodeId to, byte[] payload) {
    checkSize(payload);
    return !closed && carrier.send(this, to, payload);
  }

  @Override
  public CompletableFuture<byte[]> request(NodeId to, byte[] payload, Duration timeout) {
    checkSize(payload);
    Objects.requireNonNull(to, "to");
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout must be more than 0, was " + timeout);
    }
    long now = carrier.monotonicNanos();
    OutgoingRequest request = new OutgoingRequest(this, to, payload, now, now + nanosOf(timeout));
    if (closed) {
      request.refuse("endpoint of service " + service + " is closed");
    } else {
      carrier.request(request);
    }
    return request;
  }

  @Override
  public boolean isWritable(NodeId to) {
    return !closed && carrier.isWritable(to);
  }

  @Override
  public void flush() {
    carrier.flush();
  }

  @Override
  public byte[] array(int bytes) {
    return carrier.array(bytes);
  }

  @Override
  public void recycle(byte[] payload) {
    carrier.recycle(payload);
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    carrier.closed(this);
  }

  void cancel(OutgoingRequest request) {
    carrier.cancel(request);
  }

  /** Gives a message to the handler; on the loop. */
  void message(NodeId from, byte[] payload) {
    if (!closed) {
      call("message", from, handler -> handler.onMessage(from, payload));
    }
  }

  /** Gives a request to the handler, unless its caller has given up already; on the loop. */
  void request(IncomingRequest request) {
    if (closed) {
      request.refuse("service " + service + " is closed");
    } else if (!request.isCancelled()) {
      try {
        handler.onRequest(request);
      } catch (Throwable e) {
        // Whatever it was, other calls, services and peers go on.
        log.error("handler failed service={} on=request peer={}", service, request.from(), e);
        request.fail("handler of service " + service + " failed: " + e.getClass().getSimpleName());
      }
    }
  }

  /** Tells the handler that {@code peer} is reachable; any thread. */
  void connected(NodeId peer) {
    post("connected", peer, handler -> handler.onConnected(peer));
  }

  /** Tells the handler that the last connection with {@code peer} has gone; any thread. */
  void disconnected(NodeId peer) {
    post("disconnected", peer, handler -> handler.onDisconnected(peer));
  }

  /** Tells the handler that there is room again; any thread. */
  void writable(NodeId peer) {
    post("writable", peer, handler -> handler.onWritable(peer));
  }

  /** Always as a task of its own: the handler may be in the middle of something. */
  private void post(String what, NodeId peer, Consumer<Handler> call) {
    try {
      loop.execute(
          () -> {
            if (!closed) {
              call(what, peer, call);
            }
          });
    } catch (RejectedExecutionException e) {
      // The loop has ended: nobody is there who would want to know.
      log.debug("notice dropped service={} on={} peer={}", service, what, peer);
    }
  }

  private void call(String what, NodeId peer, Consumer<Handler> call) {
    try {
      call.accept(handler);
    } catch (Throwable e) {
      // Whatever it was, other calls, services and peers go on.
      log.error("handler failed service={} on={} peer={}", service, what, peer, e);
    }
  }

  private void checkSize(byte[] payload) {
    if (payload.length > carrier.maxPayloadBytes()) {
      throw new IllegalArgumentException(
          "payload must be at most " + carrier.maxPayloadBytes() + " bytes, was " + payload.length);
    }
  }

  /** Longer than a century is a century: so that deadlines can be compared. */
  private static long nanosOf(Duration timeout) {
    Duration most = Duration.ofDays(36_500);
    return timeout.compareTo(most) > 0 ? most.toNanos() : timeout.toNanos();
  }
}
