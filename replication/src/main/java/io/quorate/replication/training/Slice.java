package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import java.nio.ByteBuffer;

/** A range of an array; not a copy. */
record Slice(byte[] array, int from, int length) {
  /** All of {@code array}. */
  static Slice of(byte[] array) {
    return new Slice(array, 0, array.length);
  }

  ByteReader reader() {
    return new ByteReader(array, from, length);
  }

  /** How many floats there would be. */
  int floats() {
    return length / Float.BYTES;
  }

  /** Copies its big-endian floats to {@code vector}, from {@code at} on. */
  void toFloats(float[] vector, int at) {
    ByteBuffer.wrap(array, from, length).asFloatBuffer().get(vector, at, floats());
  }
}
