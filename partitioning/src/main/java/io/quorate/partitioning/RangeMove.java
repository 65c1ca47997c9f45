package io.quorate.partitioning;

/**
 * Keys that change hands.
 *
 * @param range the keys, with the owner that sends them
 * @param to the node that receives them
 */
public record RangeMove<K, N>(KeyRange<K, N> range, N to) {}
