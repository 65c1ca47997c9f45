package io.quorate.core.sim;

/** What must be true at every moment of a simulation. */
@FunctionalInterface
public interface Invariant {
  /**
   * Throws an {@link AssertionError}, or any other exception, if it does not hold. Must not change
   * anything.
   */
  void verify();
}
