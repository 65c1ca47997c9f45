/**
 * Who may act for the group: {@link io.quorate.consensus.election.LeaderElection} picks one of its
 * nodes, {@link io.quorate.consensus.election.DistributedLock} one of all who ask. Both hand out
 * fencing tokens that only grow, since no promise made by clocks holds through a long pause.
 */
package io.quorate.consensus.election;
