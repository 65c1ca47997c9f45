package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.TrainingMessage.Task;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.Optional;

/**
 * How a job moves on under its {@link SyncPolicy}: what there is to do now, and what results make
 * of the state. A part of {@link MasterCore}, which knows the workers; pure like it.
 */
sealed interface Progress permits LockStep, FreeRun {
  /** Whether the job has come to its end, good or bad. */
  boolean isOver();

  /** How many parameters there are. */
  int parameters();

  /** The first worker has come: waiting for work begins now. */
  void begin(long nowNanos);

  /** Work for {@code worker}, one of {@code workers}; becomes under way. */
  Optional<Task> assign(NodeId worker, int lane, int workers, long nowNanos);

  /** The worker asks for the lane's work again: it does none now. */
  void forgetLane(NodeId worker, int lane);

  /** Whether {@code work} is under way at {@code worker} and its result would count. */
  boolean isWanted(NodeId worker, Work work);

  /** Whether a result of {@code work} can be judged, if only as a copy. */
  boolean isKnown(Work work);

  /** A vector that work under way needs; see {@link TrainingState#vector}. */
  Optional<float[]> vector(long version, int vector);

  /** {@code bytes} of vectors went out. */
  void sent(int bytes);

  /** A whole result of {@code work}, which {@linkplain #isKnown is known}. */
  void deliver(Work work, ShardResult result, long nowNanos);

  /** {@code worker} could not do {@code work}. */
  void fail(NodeId worker, Work work, String reason, long nowNanos);

  /** {@code worker} is gone. */
  void lose(NodeId worker, long nowNanos);

  /** A reduction is done, while {@code workers} take part. */
  void reduced(MasterCore.Reduced reduced, int workers);

  void spoiled(MasterCore.Spoiled spoiled);

  void broken(MasterCore.ReduceFailed failed);

  void tick(long nowNanos);
}
