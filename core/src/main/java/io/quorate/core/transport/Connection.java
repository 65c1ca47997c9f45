package io.quorate.core.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.ScheduledFuture;
import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * One connection, whichever side dialled: magic, frames, deadlines, signs of life, and the end.
 * Belongs to its channel's event loop, except where said.
 *
 * <p>A connection ends once, for one {@link CloseReason}; {@link #ended} is then called once.
 */
abstract class Connection extends ChannelInboundHandlerAdapter {
  /** Periods without a sign of life after which a connection is dead. */
  private static final int MAX_SILENT_PERIODS = 3;

  private static final long CLOSE_GRACE_MILLIS = 500;
  private static final int MAX_CONTROL_FRAMES = 1_000;
  private static final long CONTROL_PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  static final int PAUSED_BY_WRITES = 1;
  static final int PAUSED_BY_HANDLERS = 2;
  static final int PAUSED_BY_FLOOD = 4;

  final TcpContext shared;
  private final FrameDecoder decoder;
  private ChannelHandlerContext context;
  private FrameWriter writer;
  private int magicHave;
  private boolean established;
  private boolean begun;
  private CloseReason closeReason;

  private ScheduledFuture<?> handshakeTimer;
  private ScheduledFuture<?> frameTimer;
  private ScheduledFuture<?> pulse;
  private long frameSinceNanos;
  private long frameProgressSeen = -1;
  private boolean heard;
  private int silentPeriods;
  private long unsentSeen;
  private int paused;
  private long controlSinceNanos;
  private int controlFrames;
  private int framesSeen;
  private long readNanos;

  Connection(TcpContext shared) {
    this.shared = shared;
    this.decoder = new FrameDecoder(shared.spares(), Hello.MAX_BYTES);
  }

  /** The channel is there, TLS included: the dialling side begins to speak. */
  abstract void begin();

  /** A frame of the handshake. */
  abstract void handshakeFrame(int kind, byte[] payload);

  /** A frame after the handshake, other than PING and PONG. */
  abstract void frame(FrameDecoder frame);

  /** What was written with a cost has left, or never will. */
  abstract void written(long cost);

  /**
   * The connection has ended, for {@code reason}: no frame comes any more. What was written before
   * may still be on its way. {@code detail} may be empty.
   */
  abstract void ended(CloseReason reason, String detail);

  /** Counts a period, three of which fit the idle timeout; may clean up. */
  abstract void period();

  final FrameWriter writer() {
    return writer;
  }

  final ChannelHandlerContext context() {
    return context;
  }

  final boolean isEstablished() {
    return established;
  }

  /** When what is being dealt with was read. */
  final long readNanos() {
    return readNanos;
  }

  final boolean isEnding() {
    return closeReason != null;
  }

  /** The handshake is done: frames may be long now, and signs of life are expected. */
  final void establish() {
    established = true;
    handshakeTimer.cancel(false);
    decoder.maxPayloadBytes(shared.limits().maxPayloadBytes());
    long periodNanos = shared.timeouts().idle().toNanos() / MAX_SILENT_PERIODS;
    pulse =
        context
            .executor()
            .scheduleAtFixedRate(
                this::beat, periodNanos, Math.max(1, periodNanos), TimeUnit.NANOSECONDS);
  }

  /** Ends the connection now; what is not sent is lost. */
  final void close(CloseReason reason, String detail) {
    if (end(reason)) {
      if (context != null) {
        writer.discard();
        context.close();
      }
      ended(reason, detail);
    }
  }

  /** Ends the connection; what was written is sent unless that takes more than half a second. */
  final void closeAfterFlush(CloseReason reason, String detail) {
    if (context == null || !context.channel().isActive()) {
      close(reason, detail);
    } else if (end(reason)) {
      context.channel().config().setAutoRead(false);
      writer.flush();
      context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(flushed -> context.close());
      context.executor().schedule(() -> context.close(), CLOSE_GRACE_MILLIS, TimeUnit.MILLISECONDS);
      ended(reason, detail);
    }
  }

  /** Runs {@code task} when the channel is closed, or now if it has never been. */
  final void whenGone(Runnable task) {
    if (context == null) {
      task.run();
    } else {
      context.channel().closeFuture().addListener(closed -> task.run());
    }
  }

  private boolean end(CloseReason reason) {
    if (closeReason != null) {
      return false;
    }
    closeReason = reason;
    cancelTimers();
    return true;
  }

  /** Checks that the TLS certificate names {@code node}; empty if it does, else what is wrong. */
  final String certificateProblem(NodeId node) {
    SslHandler ssl = context.pipeline().get(SslHandler.class);
    if (ssl == null) {
      return "";
    }
    return CertificateIdentity.problem(ssl.engine().getSession(), shared.cluster(), node);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    this.context = context;
    this.writer = new FrameWriter(context, this::written);
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    if (isEnding()) {
      // Given up while the network was still connecting.
      context.close();
      return;
    }
    long handshakeNanos = shared.timeouts().handshake().toNanos();
    handshakeTimer =
        context
            .executor()
            .schedule(
                () -> close(CloseReason.HANDSHAKE_TIMEOUT, ""),
                handshakeNanos,
                TimeUnit.NANOSECONDS);
    if (context.pipeline().get(SslHandler.class) == null) {
      beginOnce();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent tls) {
      if (tls.isSuccess()) {
        beginOnce();
      } else {
        close(CloseReason.TLS_FAILED, String.valueOf(tls.cause().getMessage()));
      }
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf in = (ByteBuf) message;
    heard = true;
    readNanos = shared.clock().monotonicNanos();
    try {
      if (!isEnding() && magicHave < Frame.MAGIC_BYTES) {
        readMagic(in);
      }
      while (!isEnding() && in.isReadable() && decoder.decode(in)) {
        dispatch();
      }
      if (!isEnding()) {
        watchFrame();
      }
    } catch (FrameException e) {
      close(e.reason(), e.getMessage());
    } catch (MalformedException e) {
      close(CloseReason.MALFORMED_FRAME, e.getMessage());
    } finally {
      in.release();
      shared.metrics().framesReceived.add(framesSeen);
      framesSeen = 0;
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    boolean cut = decoder.isWithinFrame() || (magicHave > 0 && magicHave < Frame.MAGIC_BYTES);
    close(cut ? CloseReason.TRUNCATED_FRAME : CloseReason.CLOSED_BY_PEER, "");
    writer.discard();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof SSLException || cause instanceof DecoderException) {
      close(CloseReason.TLS_FAILED, String.valueOf(cause.getMessage()));
    } else if (cause instanceof OutOfMemoryError) {
      close(CloseReason.OUT_OF_MEMORY, String.valueOf(cause.getMessage()));
    } else if (cause instanceof IOException && decoder.isWithinFrame()) {
      close(CloseReason.TRUNCATED_FRAME, String.valueOf(cause.getMessage()));
    } else if (cause instanceof IOException) {
      close(CloseReason.IO_FAILED, String.valueOf(cause.getMessage()));
    } else {
      NettyLoops.log.error("connection failed", cause);
      close(CloseReason.IO_FAILED, cause.toString());
    }
  }

  private void beginOnce() {
    if (!begun && !isEnding()) {
      begun = true;
      begin();
    }
  }

  private void dispatch() {
    framesSeen++;
    frameProgressSeen = -1;
    int kind = decoder.kind();
    if (!established) {
      handshakeFrame(kind, decoder.payload());
    } else if (kind == Frame.PING) {
      writer.pong();
      control();
    } else if (kind == Frame.PONG) {
      control();
    } else {
      frame(decoder);
    }
  }

  /**
   * A frame that is cheap to send and costs this side work has arrived: after a thousand of them
   * within a tenth of a second, nothing is read for the next.
   */
  final void control() {
    long now = readNanos;
    if (now - controlSinceNanos > CONTROL_PERIOD_NANOS) {
      controlSinceNanos = now;
      controlFrames = 0;
    }
    controlFrames++;
    if (controlFrames == MAX_CONTROL_FRAMES) {
      shared.metrics().floods.increment();
      pause(PAUSED_BY_FLOOD);
      context
          .executor()
          .schedule(() -> resume(PAUSED_BY_FLOOD), CONTROL_PERIOD_NANOS, TimeUnit.NANOSECONDS);
    }
  }

  /** Stops reading until every cause has been {@linkplain #resume taken away}. */
  final void pause(int cause) {
    paused |= cause;
    context.channel().config().setAutoRead(false);
  }

  final void resume(int cause) {
    paused &= ~cause;
    if (paused == 0 && !isEnding()) {
      context.channel().config().setAutoRead(true);
    }
  }

  private void readMagic(ByteBuf in) {
    while (magicHave < Frame.MAGIC_BYTES && in.isReadable()) {
      byte expected = (byte) (Frame.MAGIC >>> (8 * (Frame.MAGIC_BYTES - 1 - magicHave)));
      if (in.readByte() != expected) {
        throw new FrameException(CloseReason.BAD_MAGIC, "peer does not speak this protocol");
      }
      magicHave++;
    }
  }

  /** Sees to it that a frame that has begun ends, or at least goes on. */
  private void watchFrame() {
    if (!decoder.isWithinFrame()) {
      return;
    }
    if (frameProgressSeen < 0
        || decoder.frameProgressBytes() - frameProgressSeen >= FrameDecoder.FIRST_STEP_BYTES) {
      frameProgressSeen = decoder.frameProgressBytes();
      frameSinceNanos = readNanos;
      if (frameTimer == null) {
        armFrameTimer(shared.timeouts().frameProgress().toNanos());
      }
    }
  }

  private void armFrameTimer(long delayNanos) {
    frameTimer = context.executor().schedule(this::checkFrame, delayNanos, TimeUnit.NANOSECONDS);
  }

  private void checkFrame() {
    frameTimer = null;
    if (!decoder.isWithinFrame() || isEnding()) {
      return;
    }
    long leftNanos =
        shared.timeouts().frameProgress().toNanos()
            - (shared.clock().monotonicNanos() - frameSinceNanos);
    if (leftNanos > 0 || pausedByChoice()) {
      armFrameTimer(Math.max(leftNanos, TimeUnit.MILLISECONDS.toNanos(1)));
    } else {
      close(CloseReason.FRAME_TIMEOUT, "frame makes no progress");
    }
  }

  /** Whether it is by this node's choice that nothing is read, not for want of room to send. */
  private boolean pausedByChoice() {
    return (paused & ~PAUSED_BY_WRITES) != 0;
  }

  private void beat() {
    long unsent = unsentBytes();
    boolean sendsProgress = unsent < unsentSeen;
    unsentSeen = unsent;
    silentPeriods = heard || sendsProgress || pausedByChoice() ? 0 : silentPeriods + 1;
    heard = false;
    if (silentPeriods >= MAX_SILENT_PERIODS) {
      close(CloseReason.IDLE, "nothing heard");
      return;
    }
    period();
    try {
      writer.ping();
    } catch (OutOfMemoryError e) {
      close(CloseReason.OUT_OF_MEMORY, String.valueOf(e.getMessage()));
    }
  }

  private long unsentBytes() {
    var buffer = context.channel().unsafe().outboundBuffer();
    return buffer == null ? 0 : buffer.totalPendingWriteBytes();
  }

  private void cancelTimers() {
    for (ScheduledFuture<?> timer : new ScheduledFuture<?>[] {handshakeTimer, frameTimer, pulse}) {
      if (timer != null) {
        timer.cancel(false);
      }
    }
  }
}
