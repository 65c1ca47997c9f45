package io.quorate.examples.platform;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * What is known of a user: how often he has met each class. The feature that predictions read from
 * the quorum store: it tips the scale where the model alone is in doubt.
 *
 * @param counts by label; not to be modified; none if nothing is known
 */
record Profile(int[] counts) {
  static final Profile UNKNOWN = new Profile(new int[0]);

  private static final int FORMAT = 1;
  private static final int MAX_CLASSES = 10_000;

  /** A user who has met {@code label} so often and nothing else. */
  static Profile of(int classes, int label, int count) {
    int[] counts = new int[classes];
    counts[label] = count;
    return new Profile(counts);
  }

  /** The probabilities of the model, given this user. Laplace's rule: nothing is impossible. */
  float[] weigh(float[] probabilities) {
    if (counts.length != probabilities.length) {
      return probabilities;
    }
    float[] weighed = new float[probabilities.length];
    float sum = 0;
    for (int i = 0; i < weighed.length; i++) {
      weighed[i] = probabilities[i] * (counts[i] + 1);
      sum += weighed[i];
    }
    for (int i = 0; i < weighed.length; i++) {
      weighed[i] /= sum;
    }
    return weighed;
  }

  byte[] encode() {
    ByteWriter out = new ByteWriter().int8(FORMAT).varint(counts.length);
    for (int count : counts) {
      out.varint(count);
    }
    return out.toByteArray();
  }

  static Profile decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    if (in.uint8() != FORMAT) {
      throw in.malformed("not a profile of format " + FORMAT);
    }
    int[] counts = new int[in.varint(MAX_CLASSES, "classes")];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = in.varint(Integer.MAX_VALUE, "count");
    }
    return new Profile(counts);
  }
}
