/**
 * A key-value store that asks and tells a quorum of the replicas of each key. {@link
 * io.quorate.replication.quorum.QuorumStore} is the door; {@link
 * io.quorate.replication.quorum.Consistency} says how many replicas an operation waits for, {@link
 * io.quorate.replication.quorum.Placement} which they are.
 *
 * <p>Every node coordinates: a pure coordinator decides whom to ask and when enough have answered,
 * a replica compares versions and answers what its disk holds, a driver carries the messages.
 */
package io.quorate.replication.quorum;
