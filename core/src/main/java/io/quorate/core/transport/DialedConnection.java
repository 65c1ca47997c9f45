package io.quorate.core.transport;

import io.netty.handler.ssl.SslHandler;
import io.quorate.core.Text;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/** A connection that this node has made: takes messages and requests to the peer. */
final class DialedConnection extends Connection {
  private final Link link;
  private final long nonce;

  /** Services whose numbers the peer knows. */
  private final BitSet named = new BitSet();

  private int peerMaxPayloadBytes;

  DialedConnection(TcpContext shared, Link link) {
    super(shared);
    this.link = link;
    this.nonce = shared.random().nextLong();
  }

  @Override
  void begin() {
    writer().magic();
    writer().control(Frame.HELLO, Hello.CODEC.encode(shared.hello(nonce, 0)));
  }

  @Override
  void handshakeFrame(int kind, byte[] payload) {
    if (kind == Frame.REFUSED) {
      close(CloseReason.REFUSED_BY_PEER, text(payload));
    } else if (kind == Frame.HELLO) {
      Hello hello = Hello.parse(payload);
      String problem = problemWith(hello);
      if (!problem.isEmpty()) {
        close(CloseReason.HANDSHAKE_REFUSED, problem);
        return;
      }
      byte[] echo = new byte[Long.BYTES];
      Frame.setLong(echo, 0, hello.nonce());
      writer().control(Frame.READY, echo);
      peerMaxPayloadBytes = hello.maxPayloadBytes();
      establish();
      link.up(this);
    } else {
      throw new FrameException(
          CloseReason.UNEXPECTED_FRAME, "frame of kind " + kind + " during the handshake");
    }
  }

  private String problemWith(Hello hello) {
    if (!hello.speaks(Hello.VERSION)) {
      return "peer speaks protocol versions " + hello.minVersion() + " to " + hello.maxVersion();
    }
    if (!hello.cluster().equals(shared.cluster())) {
      return "peer belongs to cluster " + Text.quote(hello.cluster());
    }
    if (!hello.node().equals(link.peer())) {
      return "peer is node " + hello.node();
    }
    if (hello.echo() != nonce) {
      return "peer answers another handshake";
    }
    return certificateProblem(hello.node());
  }

  @Override
  void frame(FrameDecoder frame) {
    switch (frame.kind()) {
      case Frame.RESPONSE -> link.answered(frame.id(), frame.payload());
      case Frame.REFUSAL -> link.refused(frame.id(), text(frame.payload()));
      case Frame.FAILURE -> link.failed(frame.id(), text(frame.payload()));
      case Frame.GOODBYE -> {
        link.goodbye(frame.id());
        close(CloseReason.CLOSED_BY_PEER, "goodbye");
      }
      case Frame.HELLO,
              Frame.READY,
              Frame.REFUSED,
              Frame.SERVICE,
              Frame.MESSAGE,
              Frame.CANCEL,
              Frame.REQUEST ->
          throw new FrameException(
              CloseReason.UNEXPECTED_FRAME,
              "frame of kind " + frame.kind() + " from the accepting side");
      default -> {
        shared.metrics().unknownFrames.increment();
        control();
      }
    }
  }

  int peerMaxPayloadBytes() {
    return peerMaxPayloadBytes;
  }

  void message(ServiceEndpoint from, byte[] payload, long cost) {
    name(from);
    writer().message(from.number(), payload, cost);
  }

  /** Sends a request of which it is known what time it is now. */
  void request(OutgoingRequest request, long cost, long nowNanos) {
    name(request.endpoint);
    long remainingNanos = Math.max(0, request.deadlineNanos - nowNanos);
    writer().request(request.id, request.endpoint.number(), remainingNanos, request.payload, cost);
  }

  void cancel(long id) {
    writer().about(Frame.CANCEL, id);
  }

  private void name(ServiceEndpoint endpoint) {
    if (!named.get(endpoint.number())) {
      named.set(endpoint.number());
      writer().service(endpoint.number(), endpoint.service().getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** What the peer says, made safe to show in one line. */
  private static String text(byte[] payload) {
    return new String(payload, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
  }

  @Override
  void written(long cost) {
    link.release(cost);
  }

  @Override
  void period() {}

  @Override
  void ended(CloseReason reason, String detail) {
    shared.metrics().closed(reason).increment();
    shared.warnings().connectionEnded(reason, link.peer().value(), detail);
    link.down(this, isEstablished(), describe(reason, detail));
  }

  private String describe(CloseReason reason, String detail) {
    boolean tls = context().pipeline().get(SslHandler.class) != null;
    return reason.label() + (tls ? " (TLS)" : "") + (detail.isEmpty() ? "" : ": " + detail);
  }
}
