package io.quorate.core.transport;

import io.netty.channel.ChannelHandlerContext;
import io.quorate.core.NodeId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A connection that a peer has made: brings its messages and requests, takes back answers.
 *
 * <p>Reading stops while more than the high-water mark of answers waits to be sent, or of messages
 * waits for handlers on other loops. More requests than the limit are refused.
 */
final class AcceptedConnection extends Connection implements IncomingRequest.Replies {
  /** What a message costs besides its payload while it waits for its handler. */
  private static final int MESSAGE_OVERHEAD_BYTES = 64;

  private final Acceptor acceptor;
  private final InFlightRequests inFlight;
  private final AtomicLong undeliveredBytes = new AtomicLong();
  private volatile boolean pausedByHandlers;
  private Service[] services = {};
  private Hello hello;
  private boolean introduced;
  private long nonce;
  private long lastRequestId;

  /** What connections need of who accepts them. */
  interface Acceptor {
    /**
     * A peer wants to come in. Returns what speaks against it, or an empty string; then {@code
     * proceed} is run on the connection's loop once no older connection of the peer is left.
     */
    String admit(AcceptedConnection connection, Hello hello, Runnable proceed);

    void established(AcceptedConnection connection, NodeId peer);

    void ended(AcceptedConnection connection);
  }

  /** A service that the peer has named. */
  private static final class Service {
    private final String name;
    private ServiceEndpoint endpoint;

    private Service(String name) {
      this.name = name;
    }
  }

  AcceptedConnection(TcpContext shared, Acceptor acceptor) {
    super(shared);
    this.inFlight = new InFlightRequests(shared.limits());
    this.acceptor = acceptor;
  }

  /** Who the peer says it is; null before it has said so. */
  Hello hello() {
    return hello;
  }

  @Override
  void begin() {}

  @Override
  void handshakeFrame(int kind, byte[] payload) {
    if (kind == Frame.HELLO && hello == null) {
      hello = Hello.parse(payload);
      String problem = problemWith(hello);
      problem = problem.isEmpty() ? acceptor.admit(this, hello, this::introduce) : problem;
      if (!problem.isEmpty()) {
        writer().magic();
        writer().control(Frame.REFUSED, problem.getBytes(StandardCharsets.UTF_8));
        closeAfterFlush(CloseReason.HANDSHAKE_REFUSED, problem);
      }
    } else if (kind == Frame.READY && introduced) {
      if (payload.length != Long.BYTES || Frame.longAt(payload, 0) != nonce) {
        throw new FrameException(CloseReason.MALFORMED_FRAME, "READY with a wrong nonce");
      }
      establish();
      acceptor.established(this, hello.node());
    } else {
      throw new FrameException(
          CloseReason.UNEXPECTED_FRAME, "frame of kind " + kind + " during the handshake");
    }
  }

  private String problemWith(Hello hello) {
    if (!hello.speaks(Hello.VERSION)) {
      return "protocol versions "
          + hello.minVersion()
          + " to "
          + hello.maxVersion()
          + " are not spoken here, version "
          + Hello.VERSION
          + " is";
    }
    if (!hello.cluster().equals(shared.cluster())) {
      return "another cluster";
    }
    if (hello.node().equals(shared.self())) {
      return "node id " + hello.node() + " is this node's own";
    }
    return certificateProblem(hello.node());
  }

  private void introduce() {
    if (!isEnding()) {
      introduced = true;
      nonce = shared.random().nextLong();
      writer().magic();
      writer().control(Frame.HELLO, Hello.CODEC.encode(shared.hello(nonce, hello.nonce())));
    }
  }

  @Override
  void frame(FrameDecoder frame) {
    switch (frame.kind()) {
      case Frame.MESSAGE -> message(frame.service(), frame.payload());
      case Frame.REQUEST -> request(frame);
      case Frame.SERVICE -> nameService(frame.service(), frame.payload());
      case Frame.CANCEL -> cancel(frame.id());
      case Frame.HELLO, Frame.READY, Frame.REFUSED, Frame.GOODBYE ->
          throw new FrameException(
              CloseReason.UNEXPECTED_FRAME, "frame of kind " + frame.kind() + " from a dialler");
      case Frame.RESPONSE, Frame.REFUSAL, Frame.FAILURE -> {
        // This side never asks on this connection: an answer to nothing.
        shared.metrics().strayAnswers.increment();
        control();
      }
      default -> unknown(frame);
    }
  }

  private void unknown(FrameDecoder frame) {
    shared.metrics().unknownFrames.increment();
    control();
    if (frame.kind() >= 0x80) {
      answer(frame.id(), Frame.REFUSAL, "unknown message kind " + frame.kind());
    }
  }

  private void nameService(int number, byte[] name) {
    if (number >= Services.MAX_SERVICES || name.length > 64) {
      throw new FrameException(CloseReason.MALFORMED_FRAME, "service number " + number);
    }
    if (number >= services.length) {
      services = Arrays.copyOf(services, Math.min(Services.MAX_SERVICES, Math.max(8, 2 * number)));
    }
    services[number] = new Service(new String(name, StandardCharsets.US_ASCII));
    control();
  }

  /** The endpoint of service {@code number}; null if it is not open here. */
  private ServiceEndpoint endpoint(int number) {
    Service service = service(number);
    ServiceEndpoint endpoint = service.endpoint;
    if (endpoint == null || endpoint.isClosed()) {
      endpoint = shared.services().find(service.name);
      service.endpoint = endpoint;
    }
    return endpoint;
  }

  private Service service(int number) {
    if (number >= services.length || services[number] == null) {
      throw new FrameException(
          CloseReason.MALFORMED_FRAME, "service number " + number + " was not named");
    }
    return services[number];
  }

  private void message(int number, byte[] payload) {
    ServiceEndpoint endpoint = endpoint(number);
    if (endpoint == null) {
      shared.metrics().droppedMessages.increment();
    } else if (endpoint.loop().inLoop()) {
      endpoint.message(hello.node(), payload);
    } else if (!deliver(endpoint, payload, () -> endpoint.message(hello.node(), payload))) {
      shared.metrics().droppedMessages.increment();
    }
  }

  private void request(FrameDecoder frame) {
    long id = frame.id();
    if (id <= lastRequestId) {
      shared.metrics().duplicateRequests.increment();
      control();
      return;
    }
    lastRequestId = id;
    ServiceEndpoint endpoint = endpoint(frame.service());
    if (endpoint == null) {
      answer(id, Frame.REFUSAL, "no service " + service(frame.service()).name + " here");
      return;
    }
    if (frame.remainingNanos() < 0) {
      throw new FrameException(CloseReason.MALFORMED_FRAME, "request with negative time left");
    }
    byte[] payload = frame.payload();
    if (!inFlight.hasRoom(payload.length, readNanos())) {
      answer(id, Frame.REFUSAL, "too many requests in flight");
      return;
    }
    long deadline = readNanos() + Math.min(frame.remainingNanos(), Long.MAX_VALUE / 2);
    IncomingRequest request = new IncomingRequest(this, hello.node(), id, payload, deadline);
    inFlight.add(request);
    if (endpoint.loop().inLoop()) {
      endpoint.request(request);
    } else if (!deliver(endpoint, payload, () -> endpoint.request(request))) {
      request.refuse("service is closing");
    }
  }

  /** Hands a call to a handler on another loop, and stops reading while too much waits for it. */
  private boolean deliver(ServiceEndpoint endpoint, byte[] payload, Runnable call) {
    long bytes = payload.length + MESSAGE_OVERHEAD_BYTES;
    if (undeliveredBytes.addAndGet(bytes) > shared.limits().highWaterBytes()) {
      pausedByHandlers = true;
      pause(PAUSED_BY_HANDLERS);
    }
    try {
      endpoint
          .loop()
          .execute(
              () -> {
                try {
                  call.run();
                } finally {
                  delivered(bytes);
                }
              });
      return true;
    } catch (RejectedExecutionException e) {
      // The handler's loop has ended.
      delivered(bytes);
      return false;
    }
  }

  private void delivered(long bytes) {
    long left = undeliveredBytes.addAndGet(-bytes);
    if (pausedByHandlers && left < shared.limits().lowWaterBytes()) {
      onLoop(
          () -> {
            if (undeliveredBytes.get() < shared.limits().lowWaterBytes()) {
              pausedByHandlers = false;
              resume(PAUSED_BY_HANDLERS);
            }
          });
    }
  }

  private void cancel(long id) {
    IncomingRequest request = inFlight.remove(id);
    if (request != null) {
      request.cancel();
    } else {
      control();
    }
  }

  @Override
  public void reply(IncomingRequest request, IncomingRequest.Answer answer, byte[] payload) {
    if (context().executor().inEventLoop()) {
      replyNow(request, answer, payload);
    } else {
      onLoop(() -> replyNow(request, answer, payload));
    }
  }

  private void replyNow(IncomingRequest request, IncomingRequest.Answer answer, byte[] payload) {
    if (inFlight.remove(request.id()) == null || isEnding()) {
      return;
    }
    int kind =
        switch (answer) {
          case RESPONSE, LAST_USED_RESPONSE -> Frame.RESPONSE;
          case REFUSAL -> Frame.REFUSAL;
          case FAILURE -> Frame.FAILURE;
        };
    if (payload.length > hello.maxPayloadBytes()) {
      answer(
          request.id(),
          Frame.FAILURE,
          "answer of " + payload.length + " bytes is more than the caller takes");
    } else {
      write(kind, request.id(), payload);
      if (answer == IncomingRequest.Answer.LAST_USED_RESPONSE) {
        // It is in the network's buffer now.
        shared.spares().give(payload);
      }
    }
  }

  private void answer(long id, int kind, String reason) {
    write(kind, id, reason.getBytes(StandardCharsets.UTF_8));
  }

  private void write(int kind, long id, byte[] payload) {
    try {
      writer().about(kind, id, payload);
    } catch (OutOfMemoryError e) {
      close(CloseReason.OUT_OF_MEMORY, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Says goodbye: what is in flight fails, what was not taken is refused. Any thread; {@code
   * closed} is run when the connection has gone.
   */
  void goodbye(String reason, Runnable closed) {
    onLoop(
        () -> {
          whenGone(closed);
          if (!isEstablished() || isEnding()) {
            close(CloseReason.CLOSED_HERE, reason);
            return;
          }
          inFlight.all().forEach(request -> request.fail(reason));
          writer().about(Frame.GOODBYE, lastRequestId);
          closeAfterFlush(CloseReason.CLOSED_HERE, reason);
        });
  }

  /** Closes it and then runs {@code proceed} on the loop of {@code newer}; any thread. */
  void replaceBy(AcceptedConnection newer, Runnable proceed) {
    onLoop(
        () -> {
          close(CloseReason.REPLACED, "a newer connection has come");
          newer.onLoop(proceed);
        });
  }

  @Override
  public long monotonicNanos() {
    return shared.clock().monotonicNanos();
  }

  @Override
  public int maxPayloadBytes() {
    return shared.limits().maxPayloadBytes();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable()) {
      resume(PAUSED_BY_WRITES);
    } else {
      pause(PAUSED_BY_WRITES);
    }
  }

  @Override
  void written(long cost) {
    throw new AssertionError("answers are written without cost");
  }

  @Override
  void period() {
    inFlight.sweep(monotonicNanos());
  }

  @Override
  void ended(CloseReason reason, String detail) {
    inFlight.cancelAll();
    shared.metrics().closed(reason).increment();
    shared.warnings().connectionEnded(reason, peerName(), detail);
    acceptor.ended(this);
  }

  private String peerName() {
    if (isEstablished()) {
      return hello.node().value();
    }
    return context().channel().remoteAddress() instanceof java.net.InetSocketAddress address
        ? address.getAddress().getHostAddress()
        : "unknown";
  }

  private void onLoop(Runnable task) {
    try {
      context().executor().execute(task);
    } catch (RejectedExecutionException e) {
      NettyLoops.log.debug("connection's loop has ended", e);
    }
  }
}
