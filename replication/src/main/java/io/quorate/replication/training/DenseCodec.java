package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Every bit of every parameter. */
record DenseCodec() implements GradientCodec {
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

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
    int at = out.reserve(Float.BYTES * gradient.length);
    write(gradient, out.array(), at);
    Arrays.fill(gradient, 0);
  }

  @Override
  public void decodeAdd(ByteReader in, float[] sum) {
    int at = in.skip(Float.BYTES * sum.length);
    in.expectEnd();
    add(in.array(), at, sum);
  }

  // Bare loops, which the compiler makes more than twice as fast as those through writer and reader.

  private static void write(float[] from, byte[] to, int at) {
    for (int i = 0; i < from.length; i++) {
      INTS.set(to, at + Float.BYTES * i, Float.floatToRawIntBits(from[i]));
    }
  }

  private static void add(byte[] from, int at, float[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += Float.intBitsToFloat((int) INTS.get(from, at + Float.BYTES * i));
    }
  }
}
