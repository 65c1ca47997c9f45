package io.quorate.consensus.store;

/**
 * A value and its version.
 *
 * @param version never used for another value of the key, not even after deletion or restart; later
 *     versions are higher
 */
public record Versioned<V>(V value, long version) {}
