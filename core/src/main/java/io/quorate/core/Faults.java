package io.quorate.core;

/**
 * Points at which the simulator may make legal but unlucky things happen (the smallest batch, an
 * early timeout, an extra round). In production every point is constantly false.
 *
 * @see <a href="https://apple.github.io/foundationdb/testing.html">FoundationDB, BUGGIFY</a>
 */
public interface Faults {
  /** No fault, ever. */
  Faults NONE = point -> false;

  /**
   * Whether the unlucky branch at {@code point} is to be taken this time.
   *
   * @param point a constant name, such as {@code "wal.smallest-batch"}
   */
  boolean buggify(String point);

  /**
   * Notes that {@code point} was reached: a rare branch that simulations must visit to prove
   * anything. Does nothing in production.
   *
   * @param point a constant name, such as {@code "raft.truncate-conflict"}
   */
  default void reached(String point) {}
}
