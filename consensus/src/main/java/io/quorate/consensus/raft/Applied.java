package io.quorate.consensus.raft;

/**
 * Where in the log a command stands.
 *
 * @param index its place, the same on all nodes; grows by at least 1 from command to command
 * @param term the term of the leader that put it there
 * @param timeMillis log time: milliseconds that the group has had a leader for; never goes back and
 *     does not depend on any wall clock
 */
public record Applied(long index, long term, long timeMillis) {}
