package io.quorate.replication.training;

import io.quorate.core.NodeId;
import java.util.Optional;

/**
 * One step that is over. Without lock step, a step is over whenever as many results have counted as
 * there are shards.
 *
 * @param step from 0 on; one that had to be taken again comes again
 * @param loss over the examples that counted
 * @param droppedShards whose results came too late to count
 * @param durationNanos from the step's begin to its result
 * @param bytesUp payload of the results, as encoded, those of copies not among them
 * @param bytesDown payload of parameters and residuals, to all workers
 * @param workers that are taking part
 * @param slowest whose work another had to do too; without such, who handed in the last result that
 *     counted
 * @param copiesStarted work given to a second worker
 * @param copiesWasted results that came second
 * @param staleness how old the parameters were that gradients were computed from
 */
public record StepStats(
    long step,
    Loss loss,
    int droppedShards,
    long durationNanos,
    long bytesUp,
    long bytesDown,
    int workers,
    Optional<NodeId> slowest,
    int copiesStarted,
    int copiesWasted,
    Staleness staleness) {
  /** Examples that counted, by their weight, for each second; 0 if no time has passed. */
  public double examplesPerSecond() {
    return durationNanos == 0 ? 0 : loss.weight() * 1e9 / durationNanos;
  }
}
