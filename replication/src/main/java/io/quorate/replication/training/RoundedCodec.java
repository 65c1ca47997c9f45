package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/** A codec whose residual is rounded for each checkpoint. */
record RoundedCodec(GradientCodec codec, GradientCodec residualCodec) implements GradientCodec {
  RoundedCodec {
    if (!codec.isStateful()) {
      throw new IllegalArgumentException(codec.description() + " keeps no residual");
    }
  }

  @Override
  public String description() {
    return codec.description() + " residual=" + residualCodec.description();
  }

  @Override
  public boolean isStateful() {
    return true;
  }

  @Override
  public void encode(float[] gradient, ByteWriter out) {
    codec.encode(gradient, out);
  }

  @Override
  public void decodeAdd(ByteReader in, float[] sum) {
    codec.decodeAdd(in, sum);
  }
}
