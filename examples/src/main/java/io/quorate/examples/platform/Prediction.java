package io.quorate.examples.platform;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * An answer.
 *
 * @param label the index of the class
 * @param probability of it, 0 to 1
 * @param version of the model
 * @param profiled whether the user's profile was taken into account
 */
record Prediction(int label, float probability, long version, boolean profiled) {
  private static final int FORMAT = 1;

  byte[] encode() {
    return new ByteWriter()
        .int8(FORMAT)
        .varint(label)
        .float32(probability)
        .varint(version)
        .bool(profiled)
        .toByteArray();
  }

  static Prediction decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    if (in.uint8() != FORMAT) {
      throw in.malformed("not a prediction of format " + FORMAT);
    }
    return new Prediction(
        in.varint(Integer.MAX_VALUE, "label"), in.float32(), in.varint(), in.bool());
  }
}
