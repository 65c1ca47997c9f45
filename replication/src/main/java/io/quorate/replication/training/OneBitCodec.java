package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * Blocks of 256 entries: their mean size as a float, then their signs.
 *
 * @see <a href="https://arxiv.org/abs/1802.04434">Bernstein et al. 2018, signSGD</a>
 */
record OneBitCodec() implements GradientCodec {
  private static final int BLOCK = 256;

  @Override
  public String description() {
    return "one-bit block=" + BLOCK;
  }

  @Override
  public boolean isStateful() {
    return true;
  }

  @Override
  public void encode(float[] gradient, ByteWriter out) {
    for (int from = 0; from < gradient.length; from += BLOCK) {
      int to = Math.min(gradient.length, from + BLOCK);
      float sum = 0;
      for (int i = from; i < to; i++) {
        sum += Math.abs(gradient[i]);
      }
      float size = sum / (to - from);
      out.float32(size);
      for (int at = from; at < to; at += Byte.SIZE) {
        int signs = 0;
        for (int i = at; i < Math.min(to, at + Byte.SIZE); i++) {
          boolean negative = gradient[i] < 0;
          signs |= negative ? 1 << i - at : 0;
          gradient[i] -= negative ? -size : size;
        }
        out.int8(signs);
      }
    }
  }

  @Override
  public void decodeAdd(ByteReader in, float[] sum) {
    for (int from = 0; from < sum.length; from += BLOCK) {
      int to = Math.min(sum.length, from + BLOCK);
      float size = in.float32();
      for (int at = from; at < to; at += Byte.SIZE) {
        int signs = in.uint8();
        for (int i = at; i < Math.min(to, at + Byte.SIZE); i++) {
          sum[i] += (signs >>> i - at & 1) == 1 ? -size : size;
        }
      }
    }
    in.expectEnd();
  }
}
