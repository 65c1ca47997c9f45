package io.quorate.consensus.store;

/**
 * What a transaction does to a key.
 *
 * @param value the new value, or null to delete
 * @param ttlMillis log time after which the value goes; 0 for never
 */
record Change(byte[] key, byte[] value, long ttlMillis) {}
