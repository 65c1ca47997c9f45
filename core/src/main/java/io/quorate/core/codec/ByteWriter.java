package io.quorate.core.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Appends values to a growing array; numbers of fixed width are big-endian. Not safe for use by
 * several threads.
 *
 * <p>Reusing one writer ({@link #clear}) for many messages allocates nothing but their copies.
 */
public final class ByteWriter {
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private byte[] array;
  private int size;

  /** A writer with room for a small message. */
  public ByteWriter() {
    this(64);
  }

  /**
   * A writer with room for {@code initialCapacity} bytes; it grows as needed.
   *
   * @param initialCapacity at least 0
   */
  public ByteWriter(int initialCapacity) {
    this.array = new byte[initialCapacity];
  }

  /** Bytes written since the last {@link #clear}. */
  public int size() {
    return size;
  }

  /** Forgets what was written; keeps the room. */
  public void clear() {
    size = 0;
  }

  /** A copy of what was written. */
  public byte[] toByteArray() {
    return Arrays.copyOf(array, size);
  }

  /**
   * The array itself, of which the first {@link #size} bytes are what was written; changes with the
   * next write.
   */
  public byte[] array() {
    return array;
  }

  public ByteWriter int8(int value) {
    room(1);
    array[size++] = (byte) value;
    return this;
  }

  public ByteWriter bool(boolean value) {
    return int8(value ? 1 : 0);
  }

  public ByteWriter int16(int value) {
    room(Short.BYTES);
    SHORTS.set(array, size, (short) value);
    size += Short.BYTES;
    return this;
  }

  public ByteWriter int32(int value) {
    room(Integer.BYTES);
    INTS.set(array, size, value);
    size += Integer.BYTES;
    return this;
  }

  public ByteWriter int64(long value) {
    room(Long.BYTES);
    LONGS.set(array, size, value);
    size += Long.BYTES;
    return this;
  }

  /** The IEEE 754 bits, so that every NaN and zero keeps its own. */
  public ByteWriter float32(float value) {
    return int32(Float.floatToRawIntBits(value));
  }

  /** The IEEE 754 bits, so that every NaN and zero keeps its own. */
  public ByteWriter float64(double value) {
    return int64(Double.doubleToRawLongBits(value));
  }

  /**
   * A non-negative number in 1 to 9 bytes, seven bits each, the lowest first.
   *
   * @throws IllegalArgumentException if {@code value} is negative
   */
  public ByteWriter varint(long value) {
    if (value < 0) {
      throw new IllegalArgumentException("varint must not be negative, was " + value);
    }
    // Not a byte more than it takes: a writer made to measure must not grow for the last number.
    room(value <= 0x7f ? 1 : (Long.SIZE - Long.numberOfLeadingZeros(value) + 6) / 7);
    long rest = value;
    while (rest > 0x7f) {
      array[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    array[size++] = (byte) rest;
    return this;
  }

  /** The bytes as they are, without a length. */
  public ByteWriter bytes(byte[] source) {
    return bytes(source, 0, source.length);
  }

  /** {@code length} bytes of {@code source} from {@code from} on, without a length. */
  public ByteWriter bytes(byte[] source, int from, int length) {
    room(length);
    System.arraycopy(source, from, array, size, length);
    size += length;
    return this;
  }

  /** The length as a varint, then the bytes. */
  public ByteWriter block(byte[] source) {
    return varint(source.length).bytes(source);
  }

  /**
   * The length in bytes as a varint, then the text as UTF-8.
   *
   * @throws IllegalArgumentException if {@code value} has a lone surrogate
   */
  public ByteWriter text(String value) {
    return block(Utf8.encode(value));
  }

  /**
   * Makes room for {@code length} bytes that the caller writes to {@link #array} itself, from the
   * returned position on: for what is long and wants a loop of its own.
   */
  public int reserve(int length) {
    room(length);
    int from = size;
    size += length;
    return from;
  }

  /** Overwrites four bytes written before, such as a length that is known only now. */
  public void setInt32(int position, int value) {
    if (position < 0 || position > size - Integer.BYTES) {
      throw new IndexOutOfBoundsException("position " + position + " of " + size + " bytes");
    }
    INTS.set(array, position, value);
  }

  private void room(int count) {
    if (array.length - size >= count) {
      return;
    }
    long needed = (long) size + count;
    if (needed > MAX_ARRAY) {
      throw new IllegalArgumentException("message of " + needed + " bytes does not fit an array");
    }
    array = Arrays.copyOf(array, (int) Math.min(MAX_ARRAY, Math.max(needed, 2L * array.length)));
  }
}
