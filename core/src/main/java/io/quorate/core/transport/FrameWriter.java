package io.quorate.core.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.SingleThreadEventLoop;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/**
 * Gathers frames and sends them together at the end of the event loop's iteration: one system call
 * for all that was written meanwhile. Belongs to the connection's loop.
 *
 * <p>Short frames are put one behind the other into an array, which stays; it is copied once into a
 * buffer of the network. Long ones are written straight into a buffer of their own.
 */
final class FrameWriter {
  private static final int GATHER_BYTES = 16 << 10;
  private static final int SHORT_PAYLOAD_BYTES = 2 << 10;
  private static final int FLUSH_AT_BYTES = 256 << 10;
  private static final byte[] EMPTY = {};

  private final ChannelHandlerContext context;
  private final SingleThreadEventLoop loop;
  private final LongConsumer written;
  private final Runnable flushTask = this::flush;
  private final CRC32C crc = new CRC32C();

  /** Frames that wait; made when first needed. */
  private byte[] gathered = EMPTY;

  /** Where in {@link #gathered} the next frame begins. */
  private int end;

  /** What those frames cost. */
  private long cost;

  private int unflushedBytes;
  private boolean flushDue;

  /**
   * Writes to {@code context}.
   *
   * @param written is told, once they have left or never will, the cost that frames were written
   *     with
   */
  FrameWriter(ChannelHandlerContext context, LongConsumer written) {
    this.context = context;
    this.loop = (SingleThreadEventLoop) context.channel().eventLoop();
    this.written = written;
  }

  /** Only before the first frame. */
  void magic() {
    Frame.setLong(room(Frame.MAGIC_BYTES), end, Frame.MAGIC);
    end += Frame.MAGIC_BYTES;
    flushLater(Frame.MAGIC_BYTES);
  }

  /** A frame without fields. */
  void control(int kind, byte[] payload) {
    room(Frame.MAX_OVERHEAD_BYTES + payload.length);
    append(kind, payload, 0);
  }

  void ping() {
    control(Frame.PING, EMPTY);
  }

  void pong() {
    control(Frame.PONG, EMPTY);
  }

  void service(int number, byte[] name) {
    Frame.setShort(room(Frame.MAX_OVERHEAD_BYTES + name.length), end + Frame.BODY + 1, number);
    append(Frame.SERVICE, name, 0);
  }

  void message(int service, byte[] payload, long cost) {
    Frame.setShort(room(Frame.MAX_OVERHEAD_BYTES + payload.length), end + Frame.BODY + 1, service);
    append(Frame.MESSAGE, payload, cost);
  }

  void request(long id, int service, long remainingNanos, byte[] payload, long cost) {
    byte[] out = room(Frame.MAX_OVERHEAD_BYTES + payload.length);
    Frame.setLong(out, end + Frame.ID, id);
    Frame.setShort(out, end + Frame.ID + 8, service);
    Frame.setLong(out, end + Frame.ID + 8 + 2, remainingNanos);
    append(Frame.REQUEST, payload, cost);
  }

  /** A frame about a request: an answer, a cancellation, a goodbye. */
  void about(int kind, long id, byte[] payload) {
    Frame.setLong(room(Frame.MAX_OVERHEAD_BYTES + payload.length), end + Frame.ID, id);
    append(kind, payload, 0);
  }

  void about(int kind, long id) {
    about(kind, id, EMPTY);
  }

  /** Sends what was gathered. */
  void flush() {
    flushDue = false;
    unflushedBytes = 0;
    try {
      writeGathered(EMPTY, 0);
      context.flush();
    } catch (OutOfMemoryError e) {
      // What was promised cannot be sent: the connection ends.
      context.pipeline().fireExceptionCaught(e);
    }
  }

  /** Forgets what was gathered; to be called when the connection has gone. */
  void discard() {
    end = 0;
    long lost = cost;
    cost = 0;
    settle(lost);
  }

  /** Completes the frame whose fields are there already. */
  private void append(int kind, byte[] payload, long frameCost) {
    byte[] out = gathered;
    int start = end;
    int fields = Frame.fieldBytes(kind);
    int payloadAt = start + Frame.BODY + fields;
    out[start + Frame.BODY] = (byte) kind;
    Frame.setInt(out, start + 4, fields + payload.length);
    crc.reset();
    boolean isShort = payload.length <= SHORT_PAYLOAD_BYTES;
    if (isShort) {
      System.arraycopy(payload, 0, out, payloadAt, payload.length);
      crc.update(out, start + 4, 4 + fields + payload.length);
    } else {
      crc.update(out, start + 4, 4 + fields);
      crc.update(payload, 0, payload.length);
    }
    Frame.setInt(out, start, (int) crc.getValue());
    if (isShort) {
      end = payloadAt + payload.length;
      cost += frameCost;
    } else {
      writeLong(payloadAt, payload, frameCost);
    }
    flushLater(Frame.BODY + fields + payload.length);
  }

  private void writeLong(int headerEnd, byte[] payload, long frameCost) {
    int before = end;
    end = headerEnd;
    try {
      writeGathered(payload, frameCost);
    } catch (OutOfMemoryError e) {
      // As if this frame had never been.
      end = before;
      throw e;
    }
  }

  /** Writes what was gathered, and {@code last} behind it. */
  private void writeGathered(byte[] last, long lastCost) {
    if (end == 0) {
      return;
    }
    ByteBuf out = context.alloc().directBuffer(end + last.length);
    out.writeBytes(gathered, 0, end).writeBytes(last);
    long total = cost + lastCost;
    end = 0;
    cost = 0;
    if (total == 0) {
      context.write(out, context.voidPromise());
      return;
    }
    ChannelPromise promise = context.newPromise();
    promise.addListener(done -> settle(total));
    context.write(out, promise);
  }

  /** The array that frames are gathered in, with room from {@link #end} on for a short frame. */
  private byte[] room(int bytes) {
    int needed = Math.min(bytes, Frame.MAX_OVERHEAD_BYTES + SHORT_PAYLOAD_BYTES);
    if (gathered.length - end < needed) {
      if (gathered.length == 0) {
        gathered = new byte[GATHER_BYTES];
      } else {
        writeGathered(EMPTY, 0);
      }
    }
    return gathered;
  }

  private void settle(long settled) {
    if (settled > 0) {
      written.accept(settled);
    }
  }

  private void flushLater(int bytes) {
    unflushedBytes += bytes;
    if (unflushedBytes >= FLUSH_AT_BYTES) {
      flush();
    } else if (!flushDue) {
      flushDue = true;
      loop.executeAfterEventLoopIteration(flushTask);
    }
  }
}
