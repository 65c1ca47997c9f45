package io.quorate.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Delta debugging: leaves out of a failing list what it can while it still fails, first in large
 * pieces, then in ever smaller ones.
 *
 * @see <a href="https://www.st.cs.uni-saarland.de/papers/tse2002/">Zeller and Hildebrandt,
 *     Simplifying and Isolating Failure-Inducing Input</a>
 */
public final class Shrinker {
  private Shrinker() {}

  /**
   * A shorter list that fails too; if {@code maxRuns} allows, one of which no single element can be
   * left out.
   *
   * @param failing fails
   * @param fails tells whether a list fails; asked at most {@code maxRuns} times
   */
  public static <T> List<T> shrink(List<T> failing, Predicate<List<T>> fails, int maxRuns) {
    List<T> smallest = List.copyOf(failing);
    int runs = 0;
    int length = Math.max(1, smallest.size() / 2);
    boolean shrunk = false;
    // From the end on, since what happened after the failure goes at once.
    for (int end = smallest.size(); end > 0 && runs < maxRuns; runs++) {
      int from = Math.max(0, end - length);
      List<T> without = new ArrayList<>(smallest.subList(0, from));
      without.addAll(smallest.subList(end, smallest.size()));
      if (fails.test(without)) {
        smallest = without;
        shrunk = true;
      }
      end = from;
      if (end == 0 && (length > 1 || shrunk)) {
        length = Math.max(1, length / 2);
        shrunk = false;
        end = smallest.size();
      }
    }
    return smallest;
  }
}
