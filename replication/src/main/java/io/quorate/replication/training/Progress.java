package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.TrainingMessage.Task;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.List;
import java.util.Optional;

/**
 * How a job moves on under its {@link SyncPolicy}: what there is to do now, and what results make
 * of the state. A part of {@link MasterCore}, which knows the workers; pure like it.
 */
abstract sealed class Progress permits LockStep, FreeRun {
  final long term;
  final TrainingOptions options;
  final long lastStep;
  /** What is to be done; emptied by the owner. */
  final List<MasterCore.Effect> effects;
  TrainingState state;
  /** Of the step under way. */
  StepTally tally;
  private boolean over;

  Progress(
      long term,
      TrainingOptions options,
      TrainingState state,
      long lastStep,
      List<MasterCore.Effect> effects,
      long nowNanos) {
    this.term = term;
    this.options = options;
    this.state = state;
    this.lastStep = lastStep;
    this.effects = effects;
    this.tally = new StepTally(nowNanos);
  }

  /** Whether the job has come to its end, good or bad. */
  final boolean isOver() {
    return over;
  }

  /** The job has come to its good end after {@code steps} steps. */
  final void complete(long steps) {
    over = true;
    effects.add(new MasterCore.Completed(steps, state));
  }

  /** The job has come to its bad end, unless it has ended before. */
  final void abort(String reason) {
    if (!over) {
      over = true;
      effects.add(new MasterCore.Aborted(reason));
    }
  }

  /** How many parameters there are. */
  final int parameters() {
    return state.parameters().length;
  }

  /** {@code bytes} of vectors went out. */
  final void sent(int bytes) {
    tally.sent(bytes);
  }

  /** The first worker has come: waiting for work begins now. */
  void begin(long nowNanos) {
    tally.restart(nowNanos);
  }

  /** Work for {@code worker}, one of {@code workers}; becomes under way. */
  abstract Optional<Task> assign(NodeId worker, int lane, int workers, long nowNanos);

  /** The worker asks for the lane's work again: it does none now. */
  abstract void forgetLane(NodeId worker, int lane);

  /** Whether {@code work} is under way at {@code worker} and its result would count. */
  abstract boolean isWanted(NodeId worker, Work work);

  /** Whether a result of {@code work} can be judged, if only as a copy. */
  abstract boolean isKnown(Work work);

  /** A vector that work under way needs; see {@link TrainingState#vector}. */
  abstract Optional<float[]> vector(long version, int vector);

  /** A whole result of {@code work}, which {@linkplain #isKnown is known}. */
  abstract void deliver(Work work, ShardResult result, long nowNanos);

  /** {@code worker} could not do {@code work}. */
  abstract void fail(NodeId worker, Work work, String reason, long nowNanos);

  /** {@code worker} is gone. */
  abstract void lose(NodeId worker, long nowNanos);

  /** A reduction is done, while {@code workers} take part. */
  abstract void reduced(MasterCore.Reduced reduced, int workers);

  abstract void spoiled(MasterCore.Spoiled spoiled);

  abstract void broken(MasterCore.ReduceFailed failed);

  abstract void tick(long nowNanos);
}
