package io.quorate.core.transport;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Cuts the bytes of a connection into frames, however they arrive. Copies each payload once, from
 * the network's buffer into an array of its own; keeps no buffer. Belongs to the connection's loop.
 *
 * <p>Checks lengths as soon as they are there. Room for a long payload grows with what has arrived,
 * from 64 KiB or the longest payload that has come so far: who announces much must have sent much
 * before it costs memory. A spare array of its length costs nothing.
 */
final class FrameDecoder {
  /** What is set aside for a payload before any is known to come. */
  static final int FIRST_STEP_BYTES = 64 << 10;

  private static final int SHORT_PAYLOAD_BYTES = 2 << 10;
  private static final byte[] EMPTY = {};
  private static final int LENGTH_END = 8;
  private static final int KIND_END = 9;

  private final CRC32C crc = new CRC32C();

  /** What is before the payload; a short frame as a whole. */
  private final byte[] header = new byte[Frame.MAX_OVERHEAD_BYTES + SHORT_PAYLOAD_BYTES];

  private final SparePayloads spares;
  private int maxPayloadBytes;
  private int headerHave;
  private int headerNeed = LENGTH_END;
  private byte[] payload = EMPTY;
  private int payloadBytes;
  private int filled;
  private boolean complete;
  /** The longest payload that has come whole and needed room set aside. */
  private int longestBytes;

  FrameDecoder(SparePayloads spares, int maxPayloadBytes) {
    this.spares = spares;
    this.maxPayloadBytes = maxPayloadBytes;
  }

  /** From the next frame on, payloads may have this length. */
  void maxPayloadBytes(int maxPayloadBytes) {
    this.maxPayloadBytes = maxPayloadBytes;
  }

  /**
   * Reads on. Returns true once a frame is complete, whose parts are then to be had until the next
   * call; false if {@code in} is exhausted.
   */
  boolean decode(ByteBuf in) {
    if (complete) {
      complete = false;
      headerHave = 0;
      headerNeed = LENGTH_END;
      payload = EMPTY;
      filled = 0;
    }
    if (headerHave == 0 && readShort(in)) {
      complete = true;
      return true;
    }
    if (headerHave < headerNeed && !readHeader(in)) {
      return false;
    }
    int count = Math.min(payloadBytes - filled, in.readableBytes());
    makeRoom(count);
    in.readBytes(payload, filled, count);
    filled += count;
    if (filled < payloadBytes) {
      return false;
    }
    check();
    longestBytes = Math.max(longestBytes, payloadBytes);
    complete = true;
    return true;
  }

  /** Whether some but not all of a frame is there. */
  boolean isWithinFrame() {
    return !complete && headerHave > 0;
  }

  /** Bytes of the unfinished frame that are there. */
  long frameProgressBytes() {
    return (long) headerHave + filled;
  }

  /** Room that is set aside for the payload. */
  int allocatedBytes() {
    return payload.length;
  }

  int kind() {
    return header[Frame.BODY] & 0xff;
  }

  long id() {
    return Frame.longAt(header, Frame.ID);
  }

  int service() {
    return Frame.shortAt(header, kind() == Frame.REQUEST ? Frame.ID + 8 : Frame.BODY + 1);
  }

  long remainingNanos() {
    return Frame.longAt(header, Frame.ID + 8 + 2);
  }

  /** The payload in an array of its own. */
  byte[] payload() {
    return payload;
  }

  /** Takes a short frame that is there as a whole, in one go; false if the next is none. */
  private boolean readShort(ByteBuf in) {
    int readable = in.readableBytes();
    if (readable < KIND_END) {
      return false;
    }
    int start = in.readerIndex();
    int bodyBytes = in.getInt(start + 4);
    int fields = Frame.fieldBytes(in.getUnsignedByte(start + Frame.BODY));
    if (bodyBytes < fields
        || bodyBytes - fields > Math.min(SHORT_PAYLOAD_BYTES, maxPayloadBytes)
        || readable < Frame.BODY + bodyBytes) {
      return false;
    }
    in.readBytes(header, 0, Frame.BODY + bodyBytes);
    checksum(Frame.BODY + bodyBytes);
    compareChecksum();
    int payloadAt = Frame.BODY + fields;
    payload =
        bodyBytes == fields ? EMPTY : Arrays.copyOfRange(header, payloadAt, Frame.BODY + bodyBytes);
    return true;
  }

  private boolean readHeader(ByteBuf in) {
    while (true) {
      int count = Math.min(headerNeed - headerHave, in.readableBytes());
      in.readBytes(header, headerHave, count);
      headerHave += count;
      if (headerHave < headerNeed) {
        return false;
      }
      int bodyBytes = Frame.intAt(header, Frame.BODY - 4);
      if (headerNeed == LENGTH_END) {
        checkLength(bodyBytes);
        headerNeed = KIND_END;
        continue;
      }
      int fields = Frame.fieldBytes(kind());
      if (headerNeed == KIND_END && fields > 1) {
        if (bodyBytes < fields) {
          throw new FrameException(
              CloseReason.MALFORMED_FRAME,
              "frame of kind " + kind() + " has a body of " + bodyBytes + " bytes");
        }
        headerNeed = Frame.BODY + fields;
        continue;
      }
      payloadBytes = bodyBytes - fields;
      if (payloadBytes > maxPayloadBytes) {
        throw tooLong(bodyBytes);
      }
      return true;
    }
  }

  private void checkLength(int bodyBytes) {
    if (bodyBytes == 0) {
      throw new FrameException(CloseReason.MALFORMED_FRAME, "frame has no body");
    }
    if (bodyBytes < 0 || bodyBytes > maxPayloadBytes + Frame.MAX_FIELD_BYTES) {
      throw tooLong(bodyBytes);
    }
  }

  private FrameException tooLong(int bodyBytes) {
    return new FrameException(
        CloseReason.FRAME_TOO_LONG,
        "frame announces "
            + Integer.toUnsignedString(bodyBytes)
            + " bytes, payloads may have "
            + maxPayloadBytes);
  }

  private void makeRoom(int count) {
    if (filled + count <= payload.length) {
      return;
    }
    if (filled == 0 && payloadBytes >= SparePayloads.MIN_BYTES) {
      payload = spares.find(payloadBytes);
      if (payload.length > 0) {
        return;
      }
    }
    int room =
        payload.length == 0 ? Math.max(FIRST_STEP_BYTES, longestBytes) : 2 * payload.length;
    payload = Arrays.copyOf(payload, Math.min(payloadBytes, Math.max(room, filled + count)));
  }

  private void check() {
    checksum(headerNeed);
    crc.update(payload, 0, payloadBytes);
    compareChecksum();
  }

  private void checksum(int end) {
    crc.reset();
    crc.update(header, 4, end - 4);
  }

  private void compareChecksum() {
    if ((int) crc.getValue() != Frame.intAt(header, 0)) {
      throw new FrameException(CloseReason.BAD_CHECKSUM, "frame has a wrong checksum");
    }
  }
}
