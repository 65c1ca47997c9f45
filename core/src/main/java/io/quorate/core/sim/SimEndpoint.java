package io.quorate.core.sim;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** One service of one process. */
final class SimEndpoint implements Endpoint {
  /** What is in arrays that nobody is to read. */
  private static final byte JUNK = (byte) 0xDB;

  private final SimTransport transport;
  private final String service;
  private final SimLoop loop;
  private final Handler handler;
  private final TreeMap<Long, Pending> pending = new TreeMap<>();
  private boolean closed;

  SimEndpoint(SimTransport transport, String service, SimLoop loop, Handler handler) {
    this.transport = transport;
    this.service = service;
    this.loop = loop;
    this.handler = handler;
  }

  String service() {
    return service;
  }

  /** Has whoever still reads {@code array}, though it was given back, read nonsense. */
  static void spoil(byte[] array) {
    Arrays.fill(array, JUNK);
  }

  @Override
  public byte[] array(int bytes) {
    byte[] array = new byte[bytes];
    spoil(array);
    return array;
  }

  @Override
  public void recycle(byte[] payload) {
    spoil(payload);
  }

  @Override
  public boolean send(NodeId to, byte[] payload) {
    checkSize(payload);
    if (closed) {
      return false;
    }
    SimTransport.Outgoing way = transport.outgoing(to, payload.length, false);
    if (!way.isPossible()) {
      return false;
    }
    int checksum = transport.checksum(payload);
    transport.send(
        way.connection(), new Frame(Frame.Kind.MESSAGE, service, 0, payload, 0, checksum));
    return true;
  }

  @Override
  public CompletableFuture<byte[]> request(NodeId to, byte[] payload, Duration timeout) {
    checkSize(payload);
    long timeoutNanos = SimulationOptions.positiveNanos(timeout, "timeout");
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    SimTransport.Outgoing way =
        closed
            ? SimTransport.Outgoing.not("the endpoint is closed")
            : transport.outgoing(to, payload.length, true);
    if (!way.isPossible()) {
      RefusedException refused =
          new RefusedException("request to " + to + " was not sent: " + way.whyNot());
      if (transport.owner().isAlive()) {
        loop.execute(() -> answer.completeExceptionally(refused));
      } else {
        answer.completeExceptionally(refused);
      }
      return answer;
    }
    Connection connection = way.connection();
    long id = transport.nextRequestId();
    Pending waiting = new Pending(id, to, connection, answer);
    pending.put(id, waiting);
    connection.pending.put(id, waiting);
    waiting.timer =
        loop.schedule(timeoutNanos, () -> waiting.giveUp("no answer within " + timeout));
    transport.send(
        connection,
        new Frame(
            Frame.Kind.REQUEST, service, id, payload, timeoutNanos, transport.checksum(payload)));
    answer.whenComplete(
        (value, failure) -> {
          if (answer.isCancelled()) {
            waiting.giveUp("cancelled");
          }
        });
    return answer;
  }

  @Override
  public boolean isWritable(NodeId to) {
    return !closed && transport.isWritable(to);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      transport.closed(this);
      new ArrayList<>(pending.values()).forEach(each -> each.giveUp("the endpoint was closed"));
    }
  }

  void onMessage(NodeId from, byte[] payload) {
    fire(() -> handler.onMessage(from, payload));
  }

  void onRequest(SimRequest request) {
    fire(
        () -> {
          try {
            handler.onRequest(request);
          } catch (RuntimeException e) {
            request.fail("the handler failed: " + e);
            throw e;
          }
        });
  }

  void tell(BiConsumer<Handler, NodeId> notice, NodeId peer) {
    loop.execute(
        () -> {
          if (!closed) {
            notice.accept(handler, peer);
          }
        });
  }

  private void fire(Runnable call) {
    loop.fire(
        () -> {
          if (!closed) {
            call.run();
          }
        });
  }

  private void checkSize(byte[] payload) {
    if (payload.length > transport.maxFrameBytes()) {
      throw new IllegalArgumentException(
          "payload must be at most "
              + transport.maxFrameBytes()
              + " bytes, was "
              + payload.length);
    }
  }

  /** A request that waits for its answer. */
  final class Pending {
    private final long id;
    private final NodeId to;
    private final Connection connection;
    private final CompletableFuture<byte[]> answer;
    private EventLoop.Timer timer;

    Pending(long id, NodeId to, Connection connection, CompletableFuture<byte[]> answer) {
      this.id = id;
      this.to = to;
      this.connection = connection;
      this.answer = answer;
    }

    void answer(Frame frame) {
      settle();
      switch (frame.kind()) {
        case RESPONSE -> {
          byte[] payload = frame.payload().clone();
          loop.fire(() -> answer.complete(payload));
        }
        case REFUSED -> {
          RefusedException refused = new RefusedException(text(frame));
          loop.fire(() -> answer.completeExceptionally(refused));
        }
        default -> {
          IndeterminateException failed = new IndeterminateException(text(frame));
          loop.fire(() -> answer.completeExceptionally(failed));
        }
      }
    }

    void disconnected(boolean sent) {
      settle();
      RuntimeException failure =
          sent
              ? new IndeterminateException("request to " + to + ": " + connection.problem)
              : new RefusedException("no connection to " + to);
      if (transport.owner().isAlive()) {
        loop.execute(() -> answer.completeExceptionally(failure));
      }
    }

    private void giveUp(String reason) {
      boolean unsent = connection.takeBack(id);
      if (connection.pending.remove(id) != null && !unsent && connection.dialer.open) {
        transport.send(
            connection, new Frame(Frame.Kind.CANCEL, service, id, Frame.NOTHING, 0, 0));
      }
      settle();
      answer.completeExceptionally(
          unsent
              ? new RefusedException("request to " + to + " was not sent: " + reason)
              : new IndeterminateException("request to " + to + ": " + reason));
    }

    private void settle() {
      pending.remove(id);
      timer.cancel();
    }

    private String text(Frame frame) {
      return to + ": " + new String(frame.payload(), StandardCharsets.UTF_8);
    }
  }
}
