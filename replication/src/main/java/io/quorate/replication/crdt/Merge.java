package io.quorate.replication.crdt;

/**
 * Joins two values of one key that were changed apart.
 *
 * <p>Must be commutative, associative and idempotent, and equal results must have equal bytes;
 * otherwise replicas never agree. Called on a store's event loop: must not block.
 */
@FunctionalInterface
public interface Merge<V> {
  /** The least value that holds what {@code a} holds and what {@code b} holds. */
  V merge(V a, V b);
}
