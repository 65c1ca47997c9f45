package io.quorate.resilience;

import java.util.Arrays;
import java.util.Objects;

/**
 * The targets that a call has been sent to already. Targets are compared by identity: a replica is
 * one object for as long as it is a member.
 *
 * <p>Not safe for use by several threads at once: it belongs to one call.
 *
 * @param <T> a target
 */
public final class Tried<T> {
  private static final Tried<?> NONE = new Tried<>(0);

  private Object[] targets;
  private int count;

  private Tried(int capacity) {
    targets = new Object[capacity];
  }

  /** An empty set that may be added to. */
  public static <T> Tried<T> empty() {
    return new Tried<>(4);
  }

  /** The shared empty set of first attempts; adding to it is refused. */
  @SuppressWarnings("unchecked") // holds no target
  public static <T> Tried<T> none() {
    return (Tried<T>) NONE;
  }

  public boolean contains(T target) {
    for (int i = 0; i < count; i++) {
      if (targets[i] == target) {
        return true;
      }
    }
    return false;
  }

  /**
   * Adds {@code target} unless it is there.
   *
   * @throws UnsupportedOperationException on {@link #none()}
   */
  public void add(T target) {
    Objects.requireNonNull(target, "target");
    if (this == NONE) {
      throw new UnsupportedOperationException("the shared empty set cannot be added to");
    }
    if (contains(target)) {
      return;
    }
    if (count == targets.length) {
      targets = Arrays.copyOf(targets, count * 2);
    }
    targets[count++] = target;
  }

  public int count() {
    return count;
  }

  @Override
  public String toString() {
    return Arrays.toString(Arrays.copyOf(targets, count));
  }
}
