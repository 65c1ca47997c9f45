package io.quorate.core.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * Reads what {@link ByteWriter} writes. Trusts nothing: every length is checked against the bytes
 * that are there before anything is allocated, and every violation is a {@link MalformedException}.
 * Not safe for use by several threads.
 */
public final class ByteReader {
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int MAX_VARINT_BYTES = 9;

  private final byte[] array;
  private final int end;
  private int position;

  /** Reads all of {@code array}, which is not copied. */
  public ByteReader(byte[] array) {
    this(array, 0, array.length);
  }

  /** Reads {@code length} bytes of {@code array} from {@code from} on; they are not copied. */
  public ByteReader(byte[] array, int from, int length) {
    Objects.checkFromIndexSize(from, length, array.length);
    this.array = array;
    this.position = from;
    this.end = from + length;
  }

  /** The array that is read; not a copy. */
  public byte[] array() {
    return array;
  }

  /** Where in {@link #array} the next byte is read. */
  public int position() {
    return position;
  }

  /** Bytes not read yet. */
  public int remaining() {
    return end - position;
  }

  /** Refuses bytes behind the end of a message. */
  public void expectEnd() {
    if (remaining() != 0) {
      throw malformed(remaining() + " bytes too many");
    }
  }

  public byte int8() {
    need(1);
    return array[position++];
  }

  /** A byte as 0 to 255. */
  public int uint8() {
    return int8() & 0xff;
  }

  /** One byte that must be 0 or 1. */
  public boolean bool() {
    int value = uint8();
    if (value > 1) {
      throw malformed("a boolean of " + value);
    }
    return value == 1;
  }

  public short int16() {
    need(Short.BYTES);
    short value = (short) SHORTS.get(array, position);
    position += Short.BYTES;
    return value;
  }

  public int int32() {
    need(Integer.BYTES);
    int value = (int) INTS.get(array, position);
    position += Integer.BYTES;
    return value;
  }

  public long int64() {
    need(Long.BYTES);
    long value = (long) LONGS.get(array, position);
    position += Long.BYTES;
    return value;
  }

  public float float32() {
    return Float.intBitsToFloat(int32());
  }

  public double float64() {
    return Double.longBitsToDouble(int64());
  }

  /** A non-negative number in its shortest form. */
  public long varint() {
    long value = 0;
    for (int i = 0; i < MAX_VARINT_BYTES; i++) {
      byte next = int8();
      value |= (next & 0x7fL) << (7 * i);
      if (next >= 0) {
        if (next == 0 && i > 0) {
          throw malformed("a varint longer than it need be");
        }
        return value;
      }
    }
    throw malformed("a varint of more than " + MAX_VARINT_BYTES + " bytes");
  }

  /** A varint that must be at most {@code max}; {@code what} names it in the error. */
  public int varint(int max, String what) {
    return atMost(max, varint(), what);
  }

  /**
   * The number of elements that follow, each of which takes at least {@code minElementBytes}; refused
   * if they cannot all be there.
   */
  public int count(int minElementBytes, String what) {
    long count = varint();
    return atMost(remaining() / Math.max(1, minElementBytes), count, "count of " + what);
  }

  /** A copy of the next {@code length} bytes. */
  public byte[] bytes(int length) {
    int from = skip(length);
    return Arrays.copyOfRange(array, from, from + length);
  }

  /** Passes over {@code length} bytes and tells where in {@link #array} they begin. */
  public int skip(int length) {
    if (length < 0) {
      throw malformed("a length of " + length);
    }
    need(length);
    int from = position;
    position += length;
    return from;
  }

  /** A copy of a block: its length as a varint, then its bytes. */
  public byte[] block() {
    return block(Integer.MAX_VALUE, "block");
  }

  /** A block that must be at most {@code maxBytes} long; {@code what} names it in the error. */
  public byte[] block(int maxBytes, String what) {
    long length = varint();
    return bytes(atMost(Math.min(maxBytes, remaining()), length, what));
  }

  /** Well-formed UTF-8 behind its length in bytes. */
  public String text() {
    return Utf8.decode(block());
  }

  /** Text of at most {@code maxBytes} of UTF-8; {@code what} names it in the error. */
  public String text(int maxBytes, String what) {
    return Utf8.decode(block(maxBytes, what));
  }

  /** An exception that says {@code problem} and where. */
  public MalformedException malformed(String problem) {
    return new MalformedException("malformed message at byte " + position + ": " + problem);
  }

  private int atMost(int max, long value, String what) {
    if (value > max) {
      throw malformed(what + " of " + value + ", at most " + max);
    }
    return (int) value;
  }

  private void need(int count) {
    if (end - position < count) {
      throw malformed(count + " bytes expected, " + remaining() + " there");
    }
  }
}
