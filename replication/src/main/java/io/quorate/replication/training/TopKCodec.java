package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * The k entries of the largest size: how many, then each as the distance from the one before and
 * its value in half precision. Among equals the lower index goes first.
 */
record TopKCodec(double share) implements GradientCodec {
  TopKCodec {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("share must be more than 0 and at most 1, was " + share);
    }
  }

  @Override
  public String description() {
    return "top-k share=" + share;
  }

  @Override
  public boolean isStateful() {
    return true;
  }

  @Override
  public void encode(float[] gradient, ByteWriter out) {
    int k = (int) Math.ceil(share * gradient.length);
    int threshold = sizeOfRank(gradient, k);
    int larger = 0;
    for (float value : gradient) {
      larger += size(value) > threshold ? 1 : 0;
    }
    int atThreshold = k - larger;
    out.varint(k);
    int previous = -1;
    for (int i = 0; i < gradient.length; i++) {
      int size = size(gradient[i]);
      boolean chosen = size > threshold || size == threshold && atThreshold-- > 0;
      if (chosen) {
        short half = Half.of(gradient[i]);
        out.varint(i - previous - 1).int16(half);
        gradient[i] -= Half.toFloat(half);
        previous = i;
      }
    }
  }

  @Override
  public void decodeAdd(ByteReader in, float[] sum) {
    int k = in.count(3, "entries");
    int index = -1;
    for (int i = 0; i < k; i++) {
      index += 1 + in.varint(sum.length, "gap");
      if (index >= sum.length) {
        throw in.malformed("entry " + index + " of " + sum.length);
      }
      sum[index] += Half.toFloat(in.int16());
    }
    in.expectEnd();
  }

  /** Sizes of floats are ordered like the bits without the sign. */
  private static int size(float value) {
    return Float.floatToRawIntBits(value) & 0x7fffffff;
  }

  /** The size of the k-th largest entry: a radix selection, from the highest digit down. */
  private static int sizeOfRank(float[] gradient, int k) {
    int found = 0;
    int known = 0;
    int rank = k;
    for (int shift = 24; shift >= 0; shift -= Byte.SIZE) {
      int[] counts = new int[1 << Byte.SIZE];
      for (float value : gradient) {
        int size = size(value);
        if ((size & known) == found) {
          counts[size >>> shift & 0xff]++;
        }
      }
      int digit = counts.length - 1;
      while (counts[digit] < rank) {
        rank -= counts[digit];
        digit--;
      }
      found |= digit << shift;
      known |= 0xff << shift;
    }
    return found;
  }
}
