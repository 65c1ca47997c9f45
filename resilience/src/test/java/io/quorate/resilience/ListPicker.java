package io.quorate.resilience;

import java.util.ArrayList;
import java.util.List;

/** Picks the first target that has not been tried; notes how picks ended. For one thread. */
final class ListPicker<T> implements Picker<T> {
  record Done(Object target, Outcome outcome) {}

  final List<T> targets;
  final List<Done> done = new ArrayList<>();
  private final List<T> picked = new ArrayList<>();
  private final List<Boolean> ended = new ArrayList<>();

  @SafeVarargs
  @SuppressWarnings("varargs") // copied, never stored as an array
  ListPicker(T... targets) {
    this.targets = List.of(targets);
  }

  @Override
  public long pick(long affinity, Tried<T> tried, long nowNanos) {
    if (targets.isEmpty()) {
      return NONE;
    }
    T target = targets.stream().filter(t -> !tried.contains(t)).findFirst().orElse(targets.get(0));
    picked.add(target);
    ended.add(false);
    return picked.size();
  }

  @Override
  public T target(long token) {
    return picked.get((int) token - 1);
  }

  @Override
  public void done(long token, Outcome outcome, long nowNanos) {
    if (!ended.set((int) token - 1, true)) {
      done.add(new Done(target(token), outcome));
    }
  }

  int inFlight() {
    return picked.size() - done.size();
  }
}
