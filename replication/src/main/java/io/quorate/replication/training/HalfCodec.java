package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.Arrays;

/** Half precision; what is rounded away is lost, which does no harm at 11 bits. */
record HalfCodec() implements GradientCodec {
  @Override
  public String description() {
    return "fp16";
  }

  @Override
  public boolean isStateful() {
    return false;
  }

  @Override
  public void encode(float[] gradient, ByteWriter out) {
    for (float value : gradient) {
      out.int16(Half.of(value));
    }
    Arrays.fill(gradient, 0);
  }

  @Override
  public void decodeAdd(ByteReader in, float[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += Half.toFloat(in.int16());
    }
    in.expectEnd();
  }
}
