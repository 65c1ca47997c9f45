package io.quorate.replication.training;

/**
 * How old the parameters were that the gradients of a step were computed from. All zero for
 * policies that work in lock step.
 *
 * @param mean updates that the parameters had taken in the meantime, on average
 * @param max the same, at most
 * @param spread how many steps the shard that is furthest is ahead of the last one; never more than
 *     the bound of {@link SyncPolicy.BoundedStaleness}, plus the step that it has just done
 */
public record Staleness(double mean, long max, long spread) {}
