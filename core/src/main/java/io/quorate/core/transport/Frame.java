package io.quorate.core.transport;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The wire format, version 1. Numbers are big-endian.
 *
 * <p>Each side first sends eight bytes of {@link #MAGIC}, then frames:
 *
 * <pre>
 * offset  bytes  content
 *      0      4  CRC32C of all that follows in this frame
 *      4      4  n: bytes of the body, at least 1; the payload is at most the limit
 *      8      n  body: kind (1 byte), fields of the kind, payload
 *
 * kind  fields                                  payload      sent by
 * 0x01  HELLO                                   see Hello    both, once
 * 0x02  READY                                   nonce        the dialling side, once
 * 0x03  REFUSED                                 why, UTF-8   the accepting side, instead of HELLO
 * 0x04  PING                                                 both
 * 0x05  PONG                                                 both, for a PING
 * 0x06  SERVICE   number(2)                     name, ASCII  the dialling side, before first use
 * 0x07  MESSAGE   service number(2)             the user's   the dialling side
 * 0x08  CANCEL    request id(8)                              the dialling side
 * 0x09  GOODBYE   last request id taken(8)                   the accepting side, before it closes
 * 0x0a  RESPONSE  request id(8)                 the user's   the accepting side
 * 0x0b  REFUSAL   request id(8)                 why, UTF-8   the accepting side
 * 0x0c  FAILURE   request id(8)                 why, UTF-8   the accepting side
 * 0x81  REQUEST   request id(8) service number(2) nanos left(8)
 *                                               the user's   the dialling side
 * </pre>
 *
 * <p>Request ids grow within a connection. Kinds from 0x80 on begin with a request id; an unknown
 * one is answered with REFUSAL. Unknown kinds below are ignored. Either way the connection goes on,
 * so that a later version may add kinds.
 */
final class Frame {
  /** {@code QUORATE} and a byte of 1. */
  static final long MAGIC = 0x51554f5241544501L;

  static final int MAGIC_BYTES = 8;

  static final int HELLO = 0x01;
  static final int READY = 0x02;
  static final int REFUSED = 0x03;
  static final int PING = 0x04;
  static final int PONG = 0x05;
  static final int SERVICE = 0x06;
  static final int MESSAGE = 0x07;
  static final int CANCEL = 0x08;
  static final int GOODBYE = 0x09;
  static final int RESPONSE = 0x0a;
  static final int REFUSAL = 0x0b;
  static final int FAILURE = 0x0c;
  static final int REQUEST = 0x81;

  /** Where the body begins. */
  static final int BODY = 8;

  /** Where a request id is. */
  static final int ID = BODY + 1;

  /** The most that kind and fields take. */
  static final int MAX_FIELD_BYTES = 1 + 8 + 2 + 8;

  /** The most that a frame has besides its payload. */
  static final int MAX_OVERHEAD_BYTES = BODY + MAX_FIELD_BYTES;

  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Frame() {}

  /** Bytes of kind and fields together. */
  static int fieldBytes(int kind) {
    return switch (kind) {
      case SERVICE, MESSAGE -> 1 + 2;
      case CANCEL, GOODBYE, RESPONSE, REFUSAL, FAILURE -> 1 + 8;
      case REQUEST -> MAX_FIELD_BYTES;
      default -> kind >= 0x80 ? 1 + 8 : 1;
    };
  }

  static int shortAt(byte[] array, int position) {
    return (short) SHORTS.get(array, position) & 0xffff;
  }

  static int intAt(byte[] array, int position) {
    return (int) INTS.get(array, position);
  }

  static long longAt(byte[] array, int position) {
    return (long) LONGS.get(array, position);
  }

  static void setShort(byte[] array, int position, int value) {
    SHORTS.set(array, position, (short) value);
  }

  static void setInt(byte[] array, int position, int value) {
    INTS.set(array, position, value);
  }

  static void setLong(byte[] array, int position, long value) {
    LONGS.set(array, position, value);
  }
}
