package io.quorate.replication.training;

import io.quorate.core.NodeId;

/** Is told how training goes. Called on the master's event loop; must not block. */
public interface TrainingListener {
  /** Hears nothing. */
  TrainingListener NONE = new TrainingListener() {};

  default void onStep(StepStats stats) {}

  default void onJoined(NodeId worker) {}

  /** A worker was silent for too long, or said good-bye. */
  default void onGone(NodeId worker) {}

  /** A computation failed; another worker will try. */
  default void onFailure(NodeId worker, long step, int shard, String reason) {}

  /** Two workers computed the same work and disagree: the gradient function is not pure. */
  default void onDisagreement(NodeId worker, long step, int shard) {}

  /** Training goes on from an earlier step, because residuals were lost with a worker. */
  default void onRollback(long fromStep, long toStep) {}

  /** A checkpoint is durable. */
  default void onCheckpoint(long step) {}
}
