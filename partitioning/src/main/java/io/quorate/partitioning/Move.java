package io.quorate.partitioning;

/**
 * Keys that a node must receive.
 *
 * <p>For tables (slots, ring, Maglev) the move covers every key whose hash lies in the range. The
 * other strategies scatter: the range is the whole space, and {@link RebalancePlan#covers} tells
 * which of its keys move.
 *
 * @param range the hashes of the keys
 * @param from an owner before the change, which can send the keys
 * @param to the owner that must receive them
 * @param handOver whether {@code from} stops being an owner; otherwise it keeps its copy and the
 *     keys gain an owner
 */
public record Move<N>(HashRange range, N from, N to, boolean handOver) {}
