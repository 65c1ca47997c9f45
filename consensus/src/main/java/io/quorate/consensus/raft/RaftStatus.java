package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.Optional;

/**
 * How one node of a group is doing.
 *
 * @param role what it does
 * @param term its term
 * @param leader whom it follows, itself if it leads; empty while that is not known
 * @param commitIndex up to here the log is committed, as far as this node knows
 * @param appliedIndex up to here commands are applied on this node
 * @param lastIndex the end of this node's log
 * @param configurationIndex where {@code configuration} came into force
 * @param configuration who takes part, as far as this node knows
 */
public record RaftStatus(
    Role role,
    long term,
    Optional<NodeId> leader,
    long commitIndex,
    long appliedIndex,
    long lastIndex,
    long configurationIndex,
    Configuration configuration) {}
