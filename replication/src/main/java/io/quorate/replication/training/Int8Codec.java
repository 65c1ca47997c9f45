package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/** Blocks of 256 entries: the largest size as a float, then each entry as 1/127 of it. */
record Int8Codec() implements GradientCodec {
  private static final int BLOCK = 256;

  @Override
  public String description() {
    return "int8 block=" + BLOCK;
  }

  @Override
  public boolean isStateful() {
    return true;
  }

  @Override
  public void encode(float[] gradient, ByteWriter out) {
    for (int from = 0; from < gradient.length; from += BLOCK) {
      int to = Math.min(gradient.length, from + BLOCK);
      float largest = 0;
      for (int i = from; i < to; i++) {
        largest = Math.max(largest, Math.abs(gradient[i]));
      }
      float unit = largest / 127;
      out.float32(unit);
      for (int i = from; i < to; i++) {
        int level = unit == 0 ? 0 : Math.round(gradient[i] / unit);
        out.int8(level);
        gradient[i] -= level * unit;
      }
    }
  }

  @Override
  public void decodeAdd(ByteReader in, float[] sum) {
    for (int from = 0; from < sum.length; from += BLOCK) {
      int to = Math.min(sum.length, from + BLOCK);
      float unit = in.float32();
      for (int i = from; i < to; i++) {
        sum[i] += in.int8() * unit;
      }
    }
    in.expectEnd();
  }
}
