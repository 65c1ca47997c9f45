package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The master of one job in one term, as a pure state machine. Its owner calls {@link #step} from one
 * event loop, with a {@link Tick} every few milliseconds.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>each (step, shard) enters the state once, whoever computed it and how often;
 *   <li>a message of another term changes nothing;
 *   <li>with a stateful codec a shard changes its worker only where the master has its residual: at
 *       an anchor (each checkpoint). If a worker is lost in between, training goes back to the anchor
 *       and takes the same steps again, with the same bits;
 *   <li>every wait is bounded: a step ends, or the job fails and names who held it up.
 * </ul>
 */
final class MasterCore {
  /** Something happened. */
  sealed interface Input {}

  /** A worker asks; the answer goes by {@code id}. */
  record Asked(long id, NodeId from, TrainingMessage message, long nowNanos) implements Input {}

  record Tick(long nowNanos) implements Input {}

  /** A reduction is done. */
  record Reduced(long number, TrainingState state, long nowNanos) implements Input {}

  /** A reduction found a bad result. */
  record Spoiled(long number, ShardResult result, String problem, long nowNanos)
      implements Input {}

  /** Something is to be done. */
  sealed interface Effect {}

  record Answer(long id, TrainingMessage message) implements Effect {}

  record Refuse(long id, String reason) implements Effect {}

  /** Compute the next state off the loop, then say {@link Reduced} or {@link Spoiled}. */
  record Reduce(long number, TrainingState state, List<ShardResult> results)
      implements Effect {}

  /** Save this state. */
  record Save(TrainingState state) implements Effect {}

  record Stepped(StepStats stats) implements Effect {}

  record Joined(NodeId worker) implements Effect {}

  record Gone(NodeId worker) implements Effect {}

  record FailedWork(NodeId worker, long step, int shard, String reason) implements Effect {}

  record Disagreement(NodeId worker, long step, int shard) implements Effect {}

  record RolledBack(long fromStep, long toStep) implements Effect {}

  record Completed(TrainingState state) implements Effect {}

  record Aborted(String reason) implements Effect {}

  private record Lane(NodeId worker, int lane) implements Comparable<Lane> {
    @Override
    public int compareTo(Lane other) {
      int byWorker = worker.compareTo(other.worker);
      return byWorker != 0 ? byWorker : Integer.compare(lane, other.lane);
    }
  }

  private record Parked(long id, long sinceNanos) {}

  /** Answers in time for the asker not to give up, yet not more often than needed. */
  private static final long PARK_NANOS = 250_000_000;

  private final long term;
  private final TrainingOptions options;
  private final long lastStep;
  private final ShardBoard board;
  private final TreeMap<NodeId, Long> heardNanos = new TreeMap<>();
  private final TreeMap<Lane, Parked> parked = new TreeMap<>();
  private final TreeMap<Lane, PartBuffer> buffers = new TreeMap<>();
  private final List<Effect> effects = new ArrayList<>();
  private TrainingState state;
  private TrainingState anchor;
  private long stepBeganNanos;
  private boolean reducing;
  /** Tells a reduction that is still wanted from one that a rollback has made void. */
  private long reductions;
  private boolean over;
  private Loss loss = Loss.NONE;
  private long bytesUp;
  private long bytesDown;

  /**
   * A master that goes on from {@code state} and stops after {@code lastStep} steps in all.
   */
  MasterCore(
      long term, TrainingOptions options, TrainingState state, long lastStep, long nowNanos) {
    this.term = term;
    this.options = options;
    this.state = state;
    this.anchor = state;
    this.lastStep = lastStep;
    this.board = new ShardBoard(options);
    this.stepBeganNanos = nowNanos;
    if (state.step() >= lastStep) {
      over = true;
      effects.add(new Completed(state));
    }
  }

  List<Effect> step(Input input) {
    if (input instanceof Asked asked) {
      asked(asked);
    } else if (input instanceof Tick tick) {
      tick(tick.nowNanos());
    } else if (input instanceof Reduced reduced) {
      reduced(reduced);
    } else if (input instanceof Spoiled spoiled) {
      spoiled(spoiled);
    } else {
      throw new AssertionError("unhandled input " + input);
    }
    List<Effect> out = List.copyOf(effects);
    effects.clear();
    return out;
  }

  private void asked(Asked asked) {
    TrainingMessage message = asked.message();
    if (message instanceof TrainingMessage.Join join) {
      join(asked, join);
      return;
    }
    if (!heardNanos.containsKey(asked.from()) || term(message) != term) {
      answer(asked, new TrainingMessage.JoinAgain());
      return;
    }
    heardNanos.put(asked.from(), asked.nowNanos());
    if (over) {
      answer(asked, new TrainingMessage.Finished());
    } else if (message instanceof TrainingMessage.Poll poll) {
      poll(asked, poll.lane());
    } else if (message instanceof TrainingMessage.Fetch fetch) {
      fetch(asked, fetch);
    } else if (message instanceof TrainingMessage.Part part) {
      part(asked, part);
    } else if (message instanceof TrainingMessage.Busy busy) {
      boolean wanted = isNow(busy.work()) && board.isWanted(asked.from(), busy.work());
      answer(asked, wanted ? new TrainingMessage.Taken() : new TrainingMessage.Stale());
    } else if (message instanceof TrainingMessage.Failed failed) {
      failed(asked, failed);
    } else {
      effects.add(new Refuse(asked.id(), "a master does not take this message"));
    }
  }

  private static long term(TrainingMessage message) {
    if (message instanceof TrainingMessage.Poll poll) {
      return poll.term();
    } else if (message instanceof TrainingMessage.Fetch fetch) {
      return fetch.term();
    } else if (message instanceof TrainingMessage.Part part) {
      return part.work().term();
    } else if (message instanceof TrainingMessage.Busy busy) {
      return busy.work().term();
    } else if (message instanceof TrainingMessage.Failed failed) {
      return failed.work().term();
    }
    return -1;
  }

  private void join(Asked asked, TrainingMessage.Join join) {
    if (!join.description().equals(options.description())) {
      answer(
          asked,
          new TrainingMessage.Rejected(
              "worker " + asked.from() + " knows another job: " + join.description()
                  + "; expected " + options.description()));
    } else if (join.parameters() != state.parameters().length) {
      answer(
          asked,
          new TrainingMessage.Rejected(
              "worker " + asked.from() + " has " + join.parameters() + " parameters, expected "
                  + state.parameters().length));
    } else {
      // A worker that joins again has forgotten what it was doing.
      if (heardNanos.containsKey(asked.from())) {
        lose(asked.from(), asked.nowNanos());
      }
      heardNanos.put(asked.from(), asked.nowNanos());
      effects.add(new Joined(asked.from()));
      answer(asked, new TrainingMessage.Welcome(term));
      if (heardNanos.size() == 1) {
        stepBeganNanos = asked.nowNanos();
      }
    }
  }

  private void poll(Asked asked, int lane) {
    board.forgetLane(asked.from(), lane);
    Lane place = new Lane(asked.from(), lane);
    Parked before = parked.put(place, new Parked(asked.id(), asked.nowNanos()));
    if (before != null) {
      effects.add(new Answer(before.id(), new TrainingMessage.Idle()));
    }
    handOut(asked.nowNanos());
  }

  /** Gives work to those who wait for it, and lets those go who have waited long enough. */
  private void handOut(long nowNanos) {
    for (Lane place : List.copyOf(parked.keySet())) {
      Optional<Work> work =
          reducing || over
              ? Optional.empty()
              : board.assign(
                  place.worker(), place.lane(), term, state.step(), fairShare(), nowNanos);
      if (work.isPresent()) {
        Parked waiting = parked.remove(place);
        boolean checkpoint = options.codec().isStateful() && isAnchor(state.step() + 1);
        effects.add(new Answer(waiting.id(), new TrainingMessage.Task(work.get(), checkpoint)));
      } else if (nowNanos - parked.get(place).sinceNanos() >= PARK_NANOS || over) {
        Parked waiting = parked.remove(place);
        effects.add(
            new Answer(
                waiting.id(),
                over ? new TrainingMessage.Finished() : new TrainingMessage.Idle()));
      }
    }
  }

  private int fairShare() {
    return (options.shards() + heardNanos.size() - 1) / Math.max(1, heardNanos.size());
  }

  private void fetch(Asked asked, TrainingMessage.Fetch fetch) {
    boolean residual = fetch.vector() > 0;
    if (fetch.step() != state.step()
        || fetch.vector() > state.residuals().length
        || residual && state.step() != anchor.step()) {
      answer(asked, new TrainingMessage.Stale());
      return;
    }
    float[] vector = state.vector(fetch.vector());
    if (fetch.from() > vector.length || fetch.count() > vector.length - fetch.from()) {
      effects.add(
          new Refuse(
              asked.id(),
              "no parameters " + fetch.from() + " to " + ((long) fetch.from() + fetch.count())));
      return;
    }
    byte[] bytes = TrainingState.bytes(vector, fetch.from(), fetch.count());
    bytesDown += bytes.length;
    answer(asked, new TrainingMessage.Floats(bytes));
  }

  private void part(Asked asked, TrainingMessage.Part part) {
    Work work = part.work();
    if (reducing || !isNow(work) || !board.isKnown(work)) {
      answer(asked, new TrainingMessage.Stale());
      return;
    }
    Lane place = new Lane(asked.from(), work.lane());
    PartBuffer buffer = buffers.get(place);
    if (buffer == null || !buffer.isOf(work)) {
      buffer = new PartBuffer(work, 9L * state.parameters().length + 1_024);
      buffers.put(place, buffer);
    }
    if (!buffer.add(part)) {
      buffers.remove(place);
      answer(asked, new TrainingMessage.Stale());
      fail(
          asked.from(),
          work,
          "result came in pieces that do not fit or has a bad checksum",
          asked.nowNanos());
      return;
    }
    answer(asked, new TrainingMessage.Taken());
    if (buffer.isWhole()) {
      buffers.remove(place);
      deliver(asked.from(), work, buffer.result(asked.from()), asked.nowNanos());
    }
  }

  private void deliver(NodeId from, Work work, ShardResult result, long nowNanos) {
    ShardBoard.Verdict verdict = board.deliver(work, result, nowNanos);
    if (verdict == ShardBoard.Verdict.DISAGREES) {
      effects.add(new Disagreement(from, work.step(), work.shard()));
    } else if (verdict == ShardBoard.Verdict.COUNTS) {
      bytesUp += result.bytes().length;
      if (board.done() == shardsThatEndAStep()) {
        reduce();
      }
    }
    handOut(nowNanos);
  }

  private int shardsThatEndAStep() {
    return options.sync() instanceof SyncPolicy.BackupWorkers backup
        ? backup.shards()
        : options.shards();
  }

  private void reduce() {
    reducing = true;
    reductions++;
    List<ShardResult> results = board.results();
    loss = results.stream().map(ShardResult::loss).reduce(Loss.NONE, Loss::plus);
    effects.add(new Reduce(reductions, state, results));
  }

  private void reduced(Reduced reduced) {
    if (!reducing || over || reduced.number() != reductions) {
      return;
    }
    reducing = false;
    effects.add(
        new Stepped(
            new StepStats(
                state.step(),
                loss,
                options.shards() - board.done(),
                reduced.nowNanos() - stepBeganNanos,
                bytesUp,
                bytesDown,
                heardNanos.size(),
                board.slowest(),
                board.copiesStarted(),
                board.copiesWasted())));
    state = reduced.state();
    if (isAnchor(state.step())) {
      anchor = state;
      // The master has all residuals now, so shards may move: also to workers that came since.
      board.disown();
      effects.add(new Save(state));
    }
    beginStep(reduced.nowNanos());
    if (state.step() >= lastStep) {
      over = true;
      effects.add(new Completed(state));
    }
    handOut(reduced.nowNanos());
  }

  private boolean isAnchor(long step) {
    return step % options.limits().checkpointEvery() == 0 || step >= lastStep;
  }

  private void beginStep(long nowNanos) {
    board.nextStep();
    buffers.clear();
    stepBeganNanos = nowNanos;
    bytesUp = 0;
    bytesDown = 0;
  }

  private void spoiled(Spoiled spoiled) {
    if (!reducing || over || spoiled.number() != reductions) {
      return;
    }
    reducing = false;
    int shard = spoiled.result().shard();
    effects.add(
        new FailedWork(spoiled.result().worker(), state.step(), shard, spoiled.problem()));
    if (board.reject(shard) >= options.limits().maxFailures()) {
      abort("step " + state.step() + ", shard " + shard + " of worker "
          + spoiled.result().worker() + ": " + spoiled.problem());
    } else if (options.codec().isStateful()) {
      rollBack(spoiled.nowNanos());
    }
    handOut(spoiled.nowNanos());
  }

  private void failed(Asked asked, TrainingMessage.Failed failed) {
    answer(asked, new TrainingMessage.Taken());
    if (isNow(failed.work()) && board.isWanted(asked.from(), failed.work())) {
      fail(asked.from(), failed.work(), failed.reason(), asked.nowNanos());
    }
  }

  private void fail(NodeId worker, Work work, String reason, long nowNanos) {
    effects.add(new FailedWork(worker, work.step(), work.shard(), reason));
    if (board.fail(worker, work) >= options.limits().maxFailures()) {
      abort("step " + work.step() + ", shard " + work.shard() + " of worker " + worker + ": "
          + reason);
    } else if (options.codec().isStateful()) {
      rollBack(nowNanos);
    }
    handOut(nowNanos);
  }

  private void tick(long nowNanos) {
    if (over) {
      handOut(nowNanos);
      return;
    }
    List<NodeId> silent =
        heardNanos.keySet().stream()
            .filter(
                worker ->
                    nowNanos - heardNanos.get(worker)
                        > options.limits().workerTimeout().toNanos())
            .toList();
    silent.forEach(worker -> lose(worker, nowNanos));
    if (!reducing && nowNanos - stepBeganNanos > options.limits().stepTimeout().toNanos()) {
      abort("step " + state.step() + " took more than " + options.limits().stepTimeout()
          + ", still missing: " + board.culprits());
    }
    handOut(nowNanos);
  }

  private void lose(NodeId worker, long nowNanos) {
    heardNanos.remove(worker);
    effects.add(new Gone(worker));
    for (Lane place : List.copyOf(parked.keySet())) {
      if (place.worker().equals(worker)) {
        effects.add(new Answer(parked.remove(place).id(), new TrainingMessage.JoinAgain()));
      }
    }
    buffers.keySet().removeIf(place -> place.worker().equals(worker));
    boolean owned = board.abandon(worker);
    if (owned && options.codec().isStateful() && !over) {
      rollBack(nowNanos);
    }
  }

  /** Residuals are lost: takes the steps since the anchor again. */
  private void rollBack(long nowNanos) {
    if (state.step() != anchor.step()) {
      effects.add(new RolledBack(state.step(), anchor.step()));
    }
    state = anchor;
    reducing = false;
    board.disown();
    beginStep(nowNanos);
  }

  private void abort(String reason) {
    if (!over) {
      over = true;
      effects.add(new Aborted(reason));
    }
  }

  private boolean isNow(Work work) {
    return work.step() == state.step();
  }

  private void answer(Asked asked, TrainingMessage message) {
    effects.add(new Answer(asked.id(), message));
  }
}
