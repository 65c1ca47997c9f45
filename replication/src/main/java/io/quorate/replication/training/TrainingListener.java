package io.quorate.replication.training;

import io.quorate.core.NodeId;

/**
 * Is told how training goes. Called on the master's event loop, one call at a time; must not block.
 * What it throws is logged and changes nothing.
 */
public interface TrainingListener {
  /** Hears nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** A step is over. After a rollback, steps come that have come before. */
  default void onStep(StepStats stats) {}

  /** A worker takes part from now on; one that had to begin anew has gone before. */
  default void onJoined(NodeId worker) {}

  /** A worker was silent for too long, or said good-bye. */
  default void onGone(NodeId worker) {}

  /**
   * A computation failed and had no effect; it will be tried again, perhaps by the same worker,
   * unless it has failed {@link TrainingOptions.Limits#maxFailures} times.
   */
  default void onFailure(NodeId worker, long step, int shard, String reason) {}

  /** Two workers computed the same work and disagree: the gradient function is not pure. */
  default void onDisagreement(NodeId worker, long step, int shard) {}

  /** Training goes on from an earlier step, because residuals were lost with a worker. */
  default void onRollback(long fromStep, long toStep) {}

  /** The checkpoint of the state after {@code step} steps is durable. */
  default void onCheckpoint(long step) {}
}
