package io.quorate.core.membership;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Some of which a few are drawn at random. Adding, removing and drawing cost the same however many
 * there are.
 */
final class Crowd<T extends Crowd.One> {
  /** One of a crowd, which remembers where it stands. */
  abstract static class One {
    private int position;
  }

  private final List<T> all = new ArrayList<>();

  int size() {
    return all.size();
  }

  void add(T one) {
    place(one, all.size());
    all.add(one);
  }

  /** Removes {@code one}, which must be in this crowd. */
  void remove(T one) {
    T last = all.remove(all.size() - 1);
    if (last != one) {
      all.set(position(one), last);
      place(last, position(one));
    }
  }

  /** Up to {@code count} different ones that {@code filter} takes, all equally likely. */
  List<T> draw(int count, Predicate<T> filter, RandomGenerator random) {
    List<T> drawn = new ArrayList<>(count);
    for (int i = 0; i < all.size() && drawn.size() < count; i++) {
      swap(i, i + random.nextInt(all.size() - i));
      if (filter.test(all.get(i))) {
        drawn.add(all.get(i));
      }
    }
    return drawn;
  }

  private void swap(int a, int b) {
    T first = all.get(a);
    all.set(a, all.get(b));
    all.set(b, first);
    place(all.get(a), a);
    place(all.get(b), b);
  }

  private static int position(One one) {
    return one.position;
  }

  private static void place(One one, int position) {
    one.position = position;
  }
}
