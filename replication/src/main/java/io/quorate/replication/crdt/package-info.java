/**
 * Values that replicas may change apart and merge afterwards: counters, a set, a map, a register that
 * keeps what is concurrent. Immutable; each change gives a new value. A {@link
 * io.quorate.replication.crdt.Merge} joins two of them; it is commutative, associative and
 * idempotent, so the order and number of merges do not matter.
 *
 * @see <a href="https://hal.inria.fr/inria-00555588">Shapiro et al., A comprehensive study of
 *     Convergent and Commutative Replicated Data Types</a>
 */
package io.quorate.replication.crdt;
