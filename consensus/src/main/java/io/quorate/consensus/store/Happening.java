package io.quorate.consensus.store;

/** One change as watchers are told of it; {@code value} is null for a deletion. */
record Happening(long index, byte[] key, byte[] value, boolean expired) {}
