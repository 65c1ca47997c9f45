package io.quorate.consensus.raft;

/**
 * Names one snapshot file, whoever made it: equal ids have equal bytes, so a transfer may go on
 * with another leader.
 *
 * @param index the last entry it covers
 * @param term the term of that entry
 * @param bytes the length of the file
 * @param crc CRC32C of the whole file
 */
record SnapshotId(long index, long term, long bytes, int crc) {}
