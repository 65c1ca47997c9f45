package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.Arrays;

/** Every bit of every parameter. */
record DenseCodec() implements GradientCodec {
  @Override
  public String description() {
    return "dense";
  }

  @Override
  public boolean isStateful() {
    return false;
  }

  @Override
  public void encode(float[] gradient, ByteWriter out) {
    for (float value : gradient) {
      out.float32(value);
    }
    Arrays.fill(gradient, 0);
  }

  @Override
  public void decodeAdd(ByteReader in, float[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += in.float32();
    }
    in.expectEnd();
  }
}
