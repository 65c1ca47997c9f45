package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.TrainingMessage.Task;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Each shard takes its steps at its own pace, and each result changes the parameters by itself as
 * soon as it comes: bounded staleness and asynchronous training.
 *
 * <p>A shard's <i>clock</i> is how many of its steps count. Invariants: each (step, shard) counts
 * once; no shard begins a step more than the bound ahead of the last one. Work is computed from the
 * parameters as they were when it was given away; the state of that time is kept until then.
 *
 * @see <a href="https://papers.nips.cc/paper/4894">Ho et al. 2013, More effective distributed ML
 *     via a stale synchronous parallel parameter server</a>
 */
final class FreeRun extends Progress {
  /** One computation under way, from {@code base}. */
  private record Attempt(NodeId worker, Work work, TrainingState base, long beganNanos)
      implements Stragglers.UnderWay {}

  /** A result that has yet to change the parameters. */
  private record Arrived(ShardResult result, long version) {}

  private static final class Shard {
    final List<Attempt> attempts = new ArrayList<>();
    long clock;
    boolean arrived;
    int begun;
    int failures;
    /** Of the newest result, to compare copies with. */
    long doneClock = -1;
    int doneCrc;
  }

  private final long bound;
  private final Shard[] shards;
  private final long[] durations;
  private int durationCount;
  private final List<Arrived> arrived = new ArrayList<>();
  private List<Arrived> inReduction = List.of();
  private long reduction;
  private long changedNanos;

  FreeRun(
      long term,
      TrainingOptions options,
      TrainingState state,
      long lastStep,
      List<MasterCore.Effect> effects,
      long nowNanos) {
    super(term, options, state, lastStep, effects, nowNanos);
    this.bound =
        options.sync() instanceof SyncPolicy.BoundedStaleness bounded
            ? bounded.steps()
            : Long.MAX_VALUE;
    this.changedNanos = nowNanos;
    this.shards = new Shard[options.shards()];
    this.durations = new long[shards.length];
    for (int i = 0; i < shards.length; i++) {
      shards[i] = new Shard();
      shards[i].clock = state.clocks()[i];
    }
    endIfDone();
  }

  @Override
  void begin(long nowNanos) {
    super.begin(nowNanos);
    changedNanos = nowNanos;
  }

  @Override
  Optional<Task> assign(NodeId worker, int lane, int workers, long nowNanos) {
    if (isOver()) {
      return Optional.empty();
    }
    Optional<Integer> behind = furthestBehind();
    if (behind.isPresent()) {
      return Optional.of(give(behind.get(), state, worker, lane, nowNanos));
    }
    return suspiciouslySlow(worker, nowNanos)
        .map(
            index -> {
              Attempt slow = shards[index].attempts.get(0);
              tally.copyStarted(slow.worker());
              // From the same parameters, so that both results must be the same.
              return give(index, slow.base(), worker, lane, nowNanos);
            });
  }

  private Task give(int index, TrainingState base, NodeId worker, int lane, long nowNanos) {
    Shard shard = shards[index];
    Work work = new Work(term, shard.clock, index, shard.begun++, lane);
    shard.attempts.add(new Attempt(worker, work, base, nowNanos));
    return new Task(work, base.step(), false);
  }

  /** The shard with the lowest clock of those that nobody works on and that may go on. */
  private Optional<Integer> furthestBehind() {
    long lowest = lowestClock();
    int chosen = -1;
    for (int i = 0; i < shards.length; i++) {
      Shard shard = shards[i];
      if (!shard.arrived
          && shard.attempts.isEmpty()
          && shard.clock < lastStep
          && shard.clock - lowest <= bound
          && (chosen < 0 || shard.clock < shards[chosen].clock)) {
        chosen = i;
      }
    }
    return chosen < 0 ? Optional.empty() : Optional.of(chosen);
  }

  private long lowestClock() {
    return Arrays.stream(shards).mapToLong(shard -> shard.clock).min().orElseThrow();
  }

  private long highestClock() {
    return Arrays.stream(shards).mapToLong(shard -> shard.clock).max().orElseThrow();
  }

  private Optional<Integer> suspiciouslySlow(NodeId worker, long nowNanos) {
    int known = Math.min(durationCount, durations.length);
    if (known == 0) {
      return Optional.empty();
    }
    return Stragglers.find(
        shards.length, i -> shards[i].attempts, worker, options.speculation().multiple(), durations,
        known, nowNanos);
  }

  @Override
  void forgetLane(NodeId worker, int lane) {
    for (Shard shard : shards) {
      shard.attempts.removeIf(a -> a.worker().equals(worker) && a.work().lane() == lane);
    }
  }

  @Override
  boolean isWanted(NodeId worker, Work work) {
    return work.shard() < shards.length
        && shards[work.shard()].attempts.stream()
            .anyMatch(a -> a.worker().equals(worker) && a.work().equals(work));
  }

  @Override
  boolean isKnown(Work work) {
    if (work.shard() >= shards.length) {
      return false;
    }
    Shard shard = shards[work.shard()];
    return work.step() == shard.doneClock
        || shard.attempts.stream().anyMatch(attempt -> attempt.work().equals(work));
  }

  @Override
  Optional<float[]> vector(long version, int vector) {
    if (vector != 0) {
      return Optional.empty();
    }
    return Arrays.stream(shards)
        .flatMap(shard -> shard.attempts.stream())
        .map(Attempt::base)
        .filter(base -> base.step() == version)
        .map(TrainingState::parameters)
        .findFirst();
  }

  @Override
  void deliver(Work work, ShardResult result, long nowNanos) {
    Shard shard = shards[work.shard()];
    if (work.step() == shard.doneClock) {
      tally.copyWasted();
      if (result.crc() != shard.doneCrc) {
        effects.add(new MasterCore.Disagreement(result.worker(), work.step(), work.shard()));
      }
      return;
    }
    for (Attempt attempt : shard.attempts) {
      if (attempt.work().equals(work)) {
        durations[durationCount++ % durations.length] = nowNanos - attempt.beganNanos();
        arrived.add(new Arrived(result, attempt.base().step()));
      }
    }
    shard.attempts.clear();
    shard.arrived = true;
    shard.doneClock = work.step();
    shard.doneCrc = result.crc();
    tally.arrived(result);
    reduceNext();
  }

  private void reduceNext() {
    if (inReduction.isEmpty() && !arrived.isEmpty() && !isOver()) {
      inReduction = List.copyOf(arrived);
      arrived.clear();
      effects.add(
          new MasterCore.ApplyEach(
              ++reduction, state, inReduction.stream().map(Arrived::result).toList()));
    }
  }

  @Override
  void reduced(MasterCore.Reduced reduced, int workers) {
    if (isOver() || inReduction.isEmpty() || reduced.number() != reduction) {
      return;
    }
    long before = stepsDone();
    changedNanos = reduced.nowNanos();
    for (Arrived done : inReduction) {
      tally.counted(done.result().loss(), state.step() - done.version());
      advance(shards[done.result().shard()]);
    }
    inReduction = List.of();
    state = reduced.state();
    if (stepsDone() > before) {
      long spread = highestClock() - lowestClock();
      effects.add(
          new MasterCore.Stepped(
              tally.stats(stepsDone() - 1, 0, spread, workers, reduced.nowNanos())));
      tally = new StepTally(reduced.nowNanos());
      if (stepsDone() % options.limits().checkpointEvery() == 0 || stepsDone() == lastStep) {
        effects.add(new MasterCore.Save(stepsDone(), state));
      }
    }
    endIfDone();
    reduceNext();
  }

  private static void advance(Shard shard) {
    shard.clock++;
    shard.arrived = false;
    shard.begun = 0;
    shard.failures = 0;
  }

  /** As many results as there are shards make a step, whichever shards they are of. */
  private long stepsDone() {
    return state.step() / shards.length;
  }

  private void endIfDone() {
    if (!isOver() && lowestClock() >= lastStep) {
      complete(stepsDone());
    }
  }

  @Override
  void spoiled(MasterCore.Spoiled spoiled) {
    if (isOver() || inReduction.isEmpty() || spoiled.number() != reduction) {
      return;
    }
    ShardResult bad = spoiled.result();
    // None of them has changed anything; the good ones try again.
    inReduction.stream().filter(one -> one.result() != bad).forEach(arrived::add);
    inReduction = List.of();
    Shard shard = shards[bad.shard()];
    shard.arrived = false;
    shard.doneClock = -1;
    failed(bad.worker(), shard, bad.shard(), spoiled.problem());
    reduceNext();
  }

  @Override
  void broken(MasterCore.ReduceFailed failed) {
    if (failed.number() == reduction) {
      abort("step " + stepsDone() + ": " + failed.reason());
    }
  }

  @Override
  void fail(NodeId worker, Work work, String reason, long nowNanos) {
    Shard shard = shards[work.shard()];
    shard.attempts.removeIf(a -> a.worker().equals(worker) && a.work().equals(work));
    failed(worker, shard, work.shard(), reason);
  }

  private void failed(NodeId worker, Shard shard, int index, String reason) {
    effects.add(new MasterCore.FailedWork(worker, shard.clock, index, reason));
    if (++shard.failures >= options.limits().maxFailures()) {
      abort("step " + shard.clock + ", shard " + index + " of worker " + worker + ": " + reason);
    }
  }

  @Override
  void lose(NodeId worker, long nowNanos) {
    for (Shard shard : shards) {
      shard.attempts.removeIf(attempt -> attempt.worker().equals(worker));
    }
  }

  @Override
  void tick(long nowNanos) {
    long limit = options.limits().stepTimeout().toNanos();
    for (int i = 0; i < shards.length && !isOver(); i++) {
      Shard shard = shards[i];
      for (Attempt attempt : List.copyOf(shard.attempts)) {
        if (nowNanos - attempt.beganNanos() > limit) {
          fail(attempt.worker(), attempt.work(), "took more than " + options.limits().stepTimeout(),
              nowNanos);
        }
      }
    }
    if (nowNanos - changedNanos > limit) {
      abort("no result for more than " + options.limits().stepTimeout() + " after step "
          + stepsDone() + ", still "
          + (inReduction.isEmpty() ? "missing: " + culprits() : "reducing on the master"));
    }
  }

  private String culprits() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < shards.length && text.length() < 400; i++) {
      if (shards[i].clock < lastStep) {
        text.append(text.length() == 0 ? "" : ", ").append("shard ").append(i);
        text.append(shards[i].attempts.isEmpty() ? " (no worker)" : "");
        shards[i].attempts.forEach(attempt -> text.append(" of ").append(attempt.worker()));
      }
    }
    return text.toString();
  }
}
