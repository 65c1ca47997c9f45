package io.quorate.replication.training;

import io.quorate.core.NodeId;
import java.util.Optional;

/** Counts what happens within one step, for {@link StepStats}. */
final class StepTally {
  private long beganNanos;
  private Loss loss = Loss.NONE;
  private long bytesUp;
  private long bytesDown;
  private int copiesStarted;
  private int copiesWasted;
  private int results;
  private long staleness;
  private long maxStaleness;
  private Optional<NodeId> last = Optional.empty();
  private Optional<NodeId> copied = Optional.empty();

  StepTally(long nowNanos) {
    this.beganNanos = nowNanos;
  }

  /** Waiting begins now. */
  void restart(long nowNanos) {
    beganNanos = nowNanos;
  }

  long beganNanos() {
    return beganNanos;
  }

  void sent(int bytes) {
    bytesDown += bytes;
  }

  void arrived(ShardResult result) {
    bytesUp += result.bytes();
    last = Optional.of(result.worker());
  }

  /** A result counts; its parameters were {@code versions} updates old. */
  void counted(Loss part, long versions) {
    loss = loss.plus(part);
    results++;
    staleness += versions;
    maxStaleness = Math.max(maxStaleness, versions);
  }

  /** {@code slow} takes so long that another does its work too. */
  void copyStarted(NodeId slow) {
    copied = Optional.of(slow);
    copiesStarted++;
  }

  void copyWasted() {
    copiesWasted++;
  }

  Loss loss() {
    return loss;
  }

  StepStats stats(long step, int dropped, long spread, int workers, long nowNanos) {
    double mean = results == 0 ? 0 : (double) staleness / results;
    return new StepStats(
        step,
        loss,
        dropped,
        nowNanos - beganNanos,
        bytesUp,
        bytesDown,
        workers,
        copied.or(() -> last),
        copiesStarted,
        copiesWasted,
        new Staleness(mean, maxStaleness, spread));
  }
}
