package io.quorate.replication.replica;

import io.quorate.core.NodeId;
import java.util.List;

/**
 * How far the keys that are shared by the same nodes have come at one of them.
 *
 * @param set the nodes
 * @param keys how many are there
 * @param keysInAll how many are to be there, as the peer that has most has said
 * @param bytes about how much of {@code bytesInAll} these are
 * @param bytesInAll about how many bytes of log the keys take at that peer
 */
public record Progress(
    List<NodeId> set, long keys, long keysInAll, long bytes, long bytesInAll) {}
