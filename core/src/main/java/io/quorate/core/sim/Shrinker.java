package io.quorate.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Delta debugging: leaves out of a failing list what it can while it still fails.
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
    int parts = 2;
    while (smallest.size() > 1) {
      boolean found = false;
      for (int i = 0; i < parts && !found; i++) {
        if (runs++ >= maxRuns) {
          return smallest;
        }
        List<T> without = withoutPart(smallest, i, parts);
        if (fails.test(without)) {
          smallest = without;
          parts = Math.max(2, parts - 1);
          found = true;
        }
      }
      if (!found) {
        if (parts >= smallest.size()) {
          break;
        }
        parts = Math.min(smallest.size(), 2 * parts);
      }
    }
    return smallest.size() == 1 && runs < maxRuns && fails.test(List.of()) ? List.of() : smallest;
  }

  private static <T> List<T> withoutPart(List<T> list, int part, int parts) {
    int from = (int) ((long) list.size() * part / parts);
    int to = (int) ((long) list.size() * (part + 1) / parts);
    List<T> rest = new ArrayList<>(list.subList(0, from));
    rest.addAll(list.subList(to, list.size()));
    return rest;
  }
}
