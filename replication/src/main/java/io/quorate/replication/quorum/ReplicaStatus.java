package io.quorate.replication.quorum;

/**
 * What a node's replica is like.
 *
 * @param placementEpoch the placement it serves
 * @param caughtUp whether it answers quorums; false on a new disk until it has compared itself with
 *     its peers, and on a node that has never held keys
 * @param writable whether it takes writes; false if its disk is full or has failed
 * @param keys cells held, tombstones included
 * @param hints writes kept for other replicas
 * @param droppedHints writes for which there was no room; repair finds them
 * @param refusedByDrift versions refused as too far ahead of this node's clock
 */
public record ReplicaStatus(
    long placementEpoch,
    boolean caughtUp,
    boolean writable,
    int keys,
    int hints,
    long droppedHints,
    long refusedByDrift) {}
