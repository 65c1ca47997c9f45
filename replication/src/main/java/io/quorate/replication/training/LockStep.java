package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.TrainingMessage.Task;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * All shards take the same step, and the next one begins when it is over: full sync, backup workers
 * and local steps.
 *
 * <p>Results go to the reducer in the order of their shards as soon as those before them are there,
 * and are not kept longer: a step needs room for one sum and for results that came early.
 */
final class LockStep extends Progress {
  private final ShardBoard board;
  private TrainingState anchor;
  /** A former state that nobody needs any more. */
  private Optional<TrainingState> spare = Optional.empty();
  /** The step's results are all there; its reduction is on its way. */
  private boolean reducing;
  /** Tells a reduction that is still wanted from one that has been made void. */
  private long reduction;
  private int dropped;
  /** How often each shard has failed, by step: since the anchor, if training can go back to it. */
  private final TreeMap<Long, int[]> failures = new TreeMap<>();

  LockStep(
      long term,
      TrainingOptions options,
      TrainingState state,
      long lastStep,
      List<MasterCore.Effect> effects,
      long nowNanos) {
    super(term, options, state, lastStep, effects, nowNanos);
    this.anchor = state;
    this.board = new ShardBoard(options);
    endIfDone();
  }

  @Override
  Optional<Task> assign(NodeId worker, int lane, int workers, long nowNanos) {
    if (reducing || isOver()) {
      return Optional.empty();
    }
    int fairShare = (options.shards() + workers - 1) / Math.max(1, workers);
    Optional<ShardBoard.Assigned> assigned =
        board.assign(worker, lane, term, state.step(), fairShare, nowNanos);
    boolean checkpoint = options.codec().isStateful() && isAnchor(state.step() + 1);
    return assigned.map(
        given -> {
          given.slow().ifPresent(tally::copyStarted);
          return new Task(given.work(), state.step(), checkpoint);
        });
  }

  @Override
  void forgetLane(NodeId worker, int lane) {
    board.forgetLane(worker, lane);
  }

  @Override
  boolean isWanted(NodeId worker, Work work) {
    return isNow(work) && board.isWanted(worker, work);
  }

  @Override
  boolean isKnown(Work work) {
    return !reducing && isNow(work) && board.isKnown(work);
  }

  private boolean isNow(Work work) {
    return work.step() == state.step();
  }

  @Override
  Optional<float[]> vector(long version, int vector) {
    boolean residual = vector > 0;
    boolean known =
        version == state.step()
            && vector <= state.residuals().length
            && (!residual || state.step() == anchor.step());
    return known ? Optional.of(state.vector(vector)) : Optional.empty();
  }

  @Override
  void deliver(Work work, ShardResult result, long nowNanos) {
    ShardBoard.Verdict verdict = board.deliver(work, result, nowNanos);
    if (verdict == ShardBoard.Verdict.COUNTS) {
      tally.arrived(result);
      boolean last = board.done() == shardsThatEndAStep();
      for (ShardResult next : board.inOrder(last)) {
        tally.counted(next.loss(), 0);
        effects.add(new MasterCore.Accumulate(reduction, next));
      }
      if (last) {
        reducing = true;
        dropped = options.shards() - board.done();
        effects.add(new MasterCore.Reduce(reduction, state, tally.loss().weight(), spare));
        spare = Optional.empty();
      }
      return;
    }
    tally.copyWasted();
    if (verdict == ShardBoard.Verdict.DISAGREES) {
      effects.add(new MasterCore.Disagreement(result.worker(), work.step(), work.shard()));
    }
  }

  private int shardsThatEndAStep() {
    return options.sync() instanceof SyncPolicy.BackupWorkers backup
        ? backup.shards()
        : options.shards();
  }

  @Override
  void reduced(MasterCore.Reduced reduced, int workers) {
    if (!reducing || isOver() || reduced.number() != reduction) {
      return;
    }
    effects.add(
        new MasterCore.Stepped(
            tally.stats(state.step(), dropped, 0, workers, reduced.nowNanos())));
    // A checkpoint may still be on its way to the disk.
    spare = Optional.of(state).filter(former -> former != anchor);
    state = reduced.state();
    if (!options.codec().isStateful()) {
      failures.clear();
    }
    if (isAnchor(state.step())) {
      anchor = state;
      failures.clear();
      // The master has all residuals now, so shards may move: also to workers that came since.
      board.disown();
      effects.add(new MasterCore.Save(state.step(), state));
    }
    board.nextStep();
    beginStep(reduced.nowNanos());
    endIfDone();
  }

  private void endIfDone() {
    if (state.step() >= lastStep) {
      complete(state.step());
    }
  }

  private boolean isAnchor(long step) {
    return step % options.limits().checkpointEvery() == 0 || step >= lastStep;
  }

  private void beginStep(long nowNanos) {
    reducing = false;
    reduction++;
    tally = new StepTally(nowNanos);
  }

  /** What was added cannot be taken away again: the step is done anew. */
  @Override
  void spoiled(MasterCore.Spoiled spoiled) {
    if (isOver() || spoiled.number() != reduction) {
      return;
    }
    ShardResult bad = spoiled.result();
    effects.add(
        new MasterCore.FailedWork(bad.worker(), state.step(), bad.shard(), spoiled.problem()));
    if (isOnceTooOften(bad.shard())) {
      abort("step " + state.step() + ", shard " + bad.shard() + " of worker " + bad.worker() + ": "
          + spoiled.problem());
    } else {
      rollBack(spoiled.nowNanos());
    }
  }

  @Override
  void broken(MasterCore.ReduceFailed failed) {
    if (!isOver() && failed.number() == reduction) {
      abort("step " + state.step() + ": " + failed.reason());
    }
  }

  @Override
  void fail(NodeId worker, Work work, String reason, long nowNanos) {
    effects.add(new MasterCore.FailedWork(worker, work.step(), work.shard(), reason));
    board.fail(worker, work);
    if (isOnceTooOften(work.shard())) {
      abort("step " + work.step() + ", shard " + work.shard() + " of worker " + worker + ": "
          + reason);
    } else if (options.codec().isStateful()) {
      rollBack(nowNanos);
    }
  }

  private boolean isOnceTooOften(int shard) {
    int[] counts = failures.computeIfAbsent(state.step(), step -> new int[options.shards()]);
    return ++counts[shard] >= options.limits().maxFailures();
  }

  @Override
  void lose(NodeId worker, long nowNanos) {
    boolean owned = board.abandon(worker);
    if (owned && options.codec().isStateful() && !isOver()) {
      rollBack(nowNanos);
    }
  }

  @Override
  void tick(long nowNanos) {
    if (nowNanos - tally.beganNanos() > options.limits().stepTimeout().toNanos()) {
      String still = reducing ? "reducing on the master" : "missing: " + board.culprits();
      abort("step " + state.step() + " took more than " + options.limits().stepTimeout()
          + ", still " + still);
    }
  }

  /** Takes the step again, and if residuals are lost, those since the anchor. */
  private void rollBack(long nowNanos) {
    boolean far = options.codec().isStateful() && state.step() != anchor.step();
    if (far) {
      effects.add(new MasterCore.RolledBack(state.step(), anchor.step()));
      state = anchor;
    }
    board.disown();
    board.nextStep();
    // The same step must not begin its time anew each time: its wait would have no end.
    beginStep(far ? nowNanos : tally.beganNanos());
  }
}
