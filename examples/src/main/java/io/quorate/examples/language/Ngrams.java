package io.quorate.examples.language;

import java.util.Arrays;
import java.util.Locale;

/** The 1-, 2- and 3-grams of a text's characters, hashed to a fixed number of features. */
public final class Ngrams {
  /** How many features there are. */
  public static final int FEATURES = 2_048;

  private static final int LONGEST = 3;

  private Ngrams() {}

  /** The features of {@code text}, each as often as it occurs. */
  public static int[] of(String text) {
    String padded = " " + text.toLowerCase(Locale.ROOT).strip() + " ";
    int[] features = new int[LONGEST * padded.length()];
    int count = 0;
    for (int from = 0; from < padded.length(); from++) {
      for (int to = from + 1; to <= Math.min(padded.length(), from + LONGEST); to++) {
        features[count++] = slot(padded, from, to);
      }
    }
    return Arrays.copyOf(features, count);
  }

  private static int slot(String text, int from, int to) {
    int hash = 0x811c9dc5;
    for (int i = from; i < to; i++) {
      hash = (hash ^ text.charAt(i)) * 0x01000193;
    }
    hash ^= hash >>> 15;
    return hash & FEATURES - 1;
  }
}
