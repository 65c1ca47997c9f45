package io.quorate.examples.platform;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * A model that can be served.
 *
 * @param version from 1 on; 0 for none
 * @param parameters not to be modified
 */
record Model(long version, float[] parameters) {
  static final Model NONE = new Model(0, new float[0]);

  /** The model whose parameters are {@code bytes}, as checkpoints hold them. */
  static Model of(long version, byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    float[] parameters = new float[bytes.length / Float.BYTES];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = in.float32();
    }
    return new Model(version, parameters);
  }

  byte[] encode() {
    ByteWriter out = new ByteWriter(Long.BYTES + Float.BYTES * parameters.length);
    out.int64(version);
    for (float parameter : parameters) {
      out.float32(parameter);
    }
    return out.toByteArray();
  }

  static Model decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    long version = in.int64();
    return of(version, in.bytes(in.remaining()));
  }
}
