package io.quorate.core.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.SingleThreadEventLoop;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/**
 * Gathers frames in one buffer and sends them together at the end of the event loop's iteration: one
 * system call for all that was written meanwhile. Belongs to the connection's loop.
 */
final class FrameWriter {
  private static final int BATCH_BYTES = 16 << 10;
  private static final int FLUSH_AT_BYTES = 256 << 10;
  private static final byte[] EMPTY = {};

  private final ChannelHandlerContext context;
  private final SingleThreadEventLoop loop;
  private final LongConsumer written;
  private final Runnable flushTask = this::flush;
  private final CRC32C crc = new CRC32C();
  private final byte[] header = new byte[Frame.MAX_OVERHEAD_BYTES];
  private ByteBuf batch;
  private long batchCost;
  private int unflushedBytes;
  private boolean flushDue;

  /**
   * Writes to {@code context}.
   *
   * @param written is told, once they have left, the {@code cost} that frames were written with
   */
  FrameWriter(ChannelHandlerContext context, LongConsumer written) {
    this.context = context;
    this.loop = (SingleThreadEventLoop) context.channel().eventLoop();
    this.written = written;
  }

  /** Only before the first frame. */
  void magic() {
    room(Frame.MAGIC_BYTES).writeLong(Frame.MAGIC);
    flushLater();
  }

  /** A frame without fields. */
  void control(int kind, byte[] payload) {
    append(kind, payload, 0);
  }

  void ping() {
    append(Frame.PING, EMPTY, 0);
  }

  void pong() {
    append(Frame.PONG, EMPTY, 0);
  }

  void service(int number, byte[] name) {
    Frame.setShort(header, Frame.BODY + 1, number);
    append(Frame.SERVICE, name, 0);
  }

  void message(int service, byte[] payload, long cost) {
    Frame.setShort(header, Frame.BODY + 1, service);
    append(Frame.MESSAGE, payload, cost);
  }

  void request(long id, int service, long remainingNanos, byte[] payload, long cost) {
    Frame.setLong(header, Frame.ID, id);
    Frame.setShort(header, Frame.ID + 8, service);
    Frame.setLong(header, Frame.ID + 8 + 2, remainingNanos);
    append(Frame.REQUEST, payload, cost);
  }

  /** A frame about a request: an answer, a cancellation, a goodbye. */
  void about(int kind, long id, byte[] payload) {
    Frame.setLong(header, Frame.ID, id);
    append(kind, payload, 0);
  }

  void about(int kind, long id) {
    about(kind, id, EMPTY);
  }

  /** Sends what was gathered. */
  void flush() {
    flushDue = false;
    unflushedBytes = 0;
    writeBatch();
    context.flush();
  }

  /** Forgets what was gathered; to be called when the connection has gone. */
  void discard() {
    if (batch != null) {
      batch.release();
      batch = null;
      settle(batchCost);
      batchCost = 0;
    }
  }

  private void append(int kind, byte[] payload, long cost) {
    int fields = Frame.fieldBytes(kind);
    int total = Frame.BODY + fields + payload.length;
    ByteBuf out = room(total);
    header[Frame.BODY] = (byte) kind;
    Frame.setInt(header, 4, fields + payload.length);
    crc.reset();
    crc.update(header, 4, 4 + fields);
    crc.update(payload, 0, payload.length);
    Frame.setInt(header, 0, (int) crc.getValue());
    out.writeBytes(header, 0, Frame.BODY + fields).writeBytes(payload);
    batchCost += cost;
    unflushedBytes += total;
    if (unflushedBytes >= FLUSH_AT_BYTES) {
      flush();
    } else {
      flushLater();
    }
  }

  private ByteBuf room(int bytes) {
    if (batch != null && batch.writableBytes() < bytes) {
      writeBatch();
    }
    if (batch == null) {
      batch = context.alloc().directBuffer(Math.max(BATCH_BYTES, bytes));
    }
    return batch;
  }

  private void writeBatch() {
    if (batch == null) {
      return;
    }
    ByteBuf out = batch;
    long cost = batchCost;
    batch = null;
    batchCost = 0;
    if (cost == 0) {
      context.write(out, context.voidPromise());
      return;
    }
    ChannelPromise promise = context.newPromise();
    promise.addListener(done -> settle(cost));
    context.write(out, promise);
  }

  private void settle(long cost) {
    if (cost > 0) {
      written.accept(cost);
    }
  }

  private void flushLater() {
    if (!flushDue) {
      flushDue = true;
      loop.executeAfterEventLoopIteration(flushTask);
    }
  }

  Channel channel() {
    return context.channel();
  }
}
