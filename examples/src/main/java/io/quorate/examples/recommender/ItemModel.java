package io.quorate.examples.recommender;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Recommends what visitors of the same items visited too: the cosine between the columns of two
 * items, summed over a user's history. Immutable; safe for use by many threads.
 */
final class ItemModel {
  static final int LENGTH = 10;

  private final float[][] cosine;
  private final int[] visits;
  private final List<Integer> byPopularity;

  private ItemModel(float[][] cosine, int[] visits) {
    this.cosine = cosine;
    this.visits = visits;
    this.byPopularity =
        IntStream.range(1, visits.length)
            .boxed()
            .sorted(Comparator.comparingInt((Integer item) -> -visits[item]))
            .toList();
  }

  /** Trains on the histories of users. */
  static ItemModel train(Collection<int[]> histories, int items) {
    int[] visits = new int[items + 1];
    float[][] together = new float[items + 1][items + 1];
    for (int[] history : histories) {
      for (int one : history) {
        visits[one]++;
        for (int other : history) {
          together[one][other] += one == other ? 0 : 1;
        }
      }
    }
    for (int one = 1; one <= items; one++) {
      for (int other = 1; other <= items; other++) {
        together[one][other] /= (float) Math.sqrt(Math.max(1, (double) visits[one] * visits[other]));
      }
    }
    return new ItemModel(together, visits);
  }

  /** The ten items that fit {@code history} best and are not in it; popular ones break ties. */
  List<Integer> recommend(List<Integer> history) {
    float[] score = new float[visits.length];
    for (int seen : history) {
      for (int item = 1; item < score.length; item++) {
        score[item] += cosine[seen][item];
      }
    }
    List<Integer> candidates = new ArrayList<>(byPopularity);
    candidates.removeAll(history);
    // Stable: equals stay in the order of popularity.
    candidates.sort((a, b) -> Float.compare(score[b], score[a]));
    return List.copyOf(candidates.subList(0, Math.min(LENGTH, candidates.size())));
  }

  /** The ten most visited items, for somebody of whom nothing is known. */
  List<Integer> popular() {
    return byPopularity.subList(0, Math.min(LENGTH, byPopularity.size()));
  }
}
