/**
 * Which node owns a key: ranges, slots, rings and their kin behind one {@link
 * io.quorate.partitioning.Partitioner}.
 *
 * <p>Placements are immutable values, stamped with an epoch and a 64-bit fingerprint. A lookup
 * takes no lock and allocates nothing; a change of membership yields a new placement together with
 * the exact list of what must move.
 */
package io.quorate.partitioning;
