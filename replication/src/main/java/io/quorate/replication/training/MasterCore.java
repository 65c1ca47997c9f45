package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The master of one job in one term, as a pure state machine. Its owner calls {@link #step} from
 * one event loop, with a {@link Tick} every few milliseconds. Knows the workers and what they ask;
 * how the job moves on is {@link Progress}.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>each (step, shard) enters the state once, whoever computed it and how often;
 *   <li>a message of another term changes nothing;
 *   <li>with a stateful codec a shard changes its worker only where the master has its residual: at
 *       an anchor (each checkpoint). If a worker is lost in between, training goes back to it
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

  /** What was in these results is in a sum or a state now. */
  record UsedUp(List<ShardResult> results) implements Input {}

  /** A reduction is done; {@code state} is the next. */
  record Reduced(long number, TrainingState state, long nowNanos) implements Input {}

  /** A reduction found a bad result. */
  record Spoiled(long number, ShardResult result, String problem, long nowNanos)
      implements Input {}

  /** A reduction cannot be done, and no worker is to blame. */
  record ReduceFailed(long number, String reason) implements Input {}

  /** Something is to be done. */
  sealed interface Effect {}

  record Answer(long id, TrainingMessage message) implements Effect {}

  /** Answer with {@code count} of the entries of {@code vector}, as they are now. */
  record AnswerFloats(long id, float[] vector, int from, int count) implements Effect {}

  record Refuse(long id, String reason) implements Effect {}

  // What reduces is done off the loop, in order; a problem is told by Spoiled or ReduceFailed.

  /** Add a result to the sum called {@code number}. */
  record Accumulate(long number, ShardResult result) implements Effect {}

  /**
   * Compute the next state from the sum called {@code number}, then say {@link Reduced}.
   *
   * @param spare a state that nobody needs any more: its arrays may become those of the next
   */
  record Reduce(
      long number, TrainingState state, double weight, Optional<TrainingState> spare)
      implements Effect {}

  /** Change the state by each result in turn, then say {@link Reduced}. */
  record ApplyEach(long number, TrainingState state, List<ShardResult> results)
      implements Effect {}

  /** Save the state after {@code step} steps. */
  record Save(long step, TrainingState state) implements Effect {}

  /** A checkpoint is durable: said by the driver to itself. */
  record Saved(long step) implements Effect {}

  record Stepped(StepStats stats) implements Effect {}

  record Joined(NodeId worker) implements Effect {}

  record Gone(NodeId worker) implements Effect {}

  record FailedWork(NodeId worker, long step, int shard, String reason) implements Effect {}

  record Disagreement(NodeId worker, long step, int shard) implements Effect {}

  record RolledBack(long fromStep, long toStep) implements Effect {}

  record Completed(long steps, TrainingState state) implements Effect {}

  record Aborted(String reason) implements Effect {}

  private record Parked(long id, long sinceNanos) {}

  /** Answers in time for the asker not to give up, yet not more often than needed. */
  private static final long PARK_NANOS = 250_000_000;

  private final long term;
  private final TrainingOptions options;
  private final TreeMap<NodeId, Long> heardNanos = new TreeMap<>();
  private final TreeMap<Place, Parked> parked = new TreeMap<>();
  private final ResultBuffers buffers;
  private final List<Effect> effects = new ArrayList<>();
  private final Progress progress;

  /**
   * A master that goes on from {@code state} and stops after {@code lastStep} steps in all.
   */
  MasterCore(
      long term, TrainingOptions options, TrainingState state, long lastStep, long nowNanos) {
    this.term = term;
    this.options = options;
    this.progress =
        options.sync().isLockStep()
            ? new LockStep(term, options, state, lastStep, effects, nowNanos)
            : new FreeRun(term, options, state, lastStep, effects, nowNanos);
    this.buffers = new ResultBuffers(9L * progress.parameters() + 1_024);
  }

  List<Effect> step(Input input) {
    if (input instanceof Asked asked) {
      asked(asked);
    } else if (input instanceof Tick tick) {
      tick(tick.nowNanos());
    } else if (input instanceof UsedUp used) {
      buffers.usedUp(used.results());
    } else if (input instanceof Reduced reduced) {
      progress.reduced(reduced, heardNanos.size());
      handOut(reduced.nowNanos());
    } else if (input instanceof Spoiled spoiled) {
      progress.spoiled(spoiled);
      handOut(spoiled.nowNanos());
    } else if (input instanceof ReduceFailed failed) {
      progress.broken(failed);
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
    if (message instanceof TrainingMessage.Leave) {
      answer(asked, new TrainingMessage.Taken());
      lose(asked.from(), asked.nowNanos());
      handOut(asked.nowNanos());
    } else if (progress.isOver()) {
      answer(asked, new TrainingMessage.Finished());
    } else if (message instanceof TrainingMessage.Poll poll) {
      poll(asked, poll.lane());
    } else if (message instanceof TrainingMessage.Fetch fetch) {
      fetch(asked, fetch);
    } else if (message instanceof TrainingMessage.Part part) {
      part(asked, part);
    } else if (message instanceof TrainingMessage.Busy busy) {
      boolean wanted = progress.isWanted(asked.from(), busy.work());
      answer(asked, wanted ? new TrainingMessage.Taken() : new TrainingMessage.Stale());
    } else if (message instanceof TrainingMessage.Failed failed) {
      answer(asked, new TrainingMessage.Taken());
      fail(asked.from(), failed.work(), failed.reason(), asked.nowNanos());
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
    } else if (message instanceof TrainingMessage.Leave leave) {
      return leave.term();
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
    } else if (join.parameters() != progress.parameters()) {
      answer(
          asked,
          new TrainingMessage.Rejected(
              "worker " + asked.from() + " has " + join.parameters() + " parameters, expected "
                  + progress.parameters()));
    } else {
      // A worker that joins again has forgotten what it was doing.
      if (heardNanos.containsKey(asked.from())) {
        lose(asked.from(), asked.nowNanos());
      }
      heardNanos.put(asked.from(), asked.nowNanos());
      effects.add(new Joined(asked.from()));
      answer(asked, new TrainingMessage.Welcome(term));
      if (heardNanos.size() == 1) {
        progress.begin(asked.nowNanos());
      }
    }
  }

  private void poll(Asked asked, int lane) {
    progress.forgetLane(asked.from(), lane);
    Place place = new Place(asked.from(), lane);
    Parked before = parked.put(place, new Parked(asked.id(), asked.nowNanos()));
    if (before != null) {
      effects.add(new Answer(before.id(), new TrainingMessage.Idle()));
    }
    handOut(asked.nowNanos());
  }

  /** Gives work to those who wait for it, and lets those go who have waited long enough. */
  private void handOut(long nowNanos) {
    for (Place place : List.copyOf(parked.keySet())) {
      Optional<TrainingMessage.Task> task =
          progress.assign(place.worker(), place.lane(), heardNanos.size(), nowNanos);
      boolean over = progress.isOver();
      if (task.isPresent()) {
        effects.add(new Answer(parked.remove(place).id(), task.get()));
      } else if (over || nowNanos - parked.get(place).sinceNanos() >= PARK_NANOS) {
        TrainingMessage message =
            over ? new TrainingMessage.Finished() : new TrainingMessage.Idle();
        effects.add(new Answer(parked.remove(place).id(), message));
      }
    }
  }

  private void fetch(Asked asked, TrainingMessage.Fetch fetch) {
    Optional<float[]> vector = progress.vector(fetch.version(), fetch.vector());
    if (vector.isEmpty()) {
      answer(asked, new TrainingMessage.Stale());
    } else if (fetch.from() > vector.get().length
        || fetch.count() > vector.get().length - fetch.from()) {
      effects.add(
          new Refuse(
              asked.id(),
              "no parameters " + fetch.from() + " to " + ((long) fetch.from() + fetch.count())));
    } else {
      progress.sent(Float.BYTES * fetch.count());
      effects.add(new AnswerFloats(asked.id(), vector.get(), fetch.from(), fetch.count()));
    }
  }

  private void part(Asked asked, TrainingMessage.Part part) {
    Work work = part.work();
    if (!progress.isKnown(work)) {
      answer(asked, new TrainingMessage.Stale());
      return;
    }
    Place place = new Place(asked.from(), work.lane());
    PartBuffer.Outcome outcome = buffers.add(place, part);
    boolean lost =
        outcome == PartBuffer.Outcome.GAP || outcome == PartBuffer.Outcome.BROKEN;
    answer(asked, lost ? new TrainingMessage.Stale() : new TrainingMessage.Taken());
    if (outcome == PartBuffer.Outcome.BROKEN) {
      fail(
          asked.from(),
          work,
          "result came in pieces that do not fit or has a bad checksum",
          asked.nowNanos());
    } else if (outcome == PartBuffer.Outcome.WHOLE) {
      progress.deliver(work, buffers.take(place), asked.nowNanos());
      handOut(asked.nowNanos());
    }
  }

  private void fail(NodeId worker, Work work, String reason, long nowNanos) {
    if (progress.isWanted(worker, work)) {
      progress.fail(worker, work, reason, nowNanos);
      handOut(nowNanos);
    }
  }

  private void tick(long nowNanos) {
    if (!progress.isOver()) {
      long limit = options.limits().workerTimeout().toNanos();
      heardNanos.keySet().stream()
          .filter(worker -> nowNanos - heardNanos.get(worker) > limit)
          .toList()
          .forEach(worker -> lose(worker, nowNanos));
      progress.tick(nowNanos);
      buffers.forget(work -> !progress.isKnown(work));
    }
    handOut(nowNanos);
  }

  private void lose(NodeId worker, long nowNanos) {
    heardNanos.remove(worker);
    effects.add(new Gone(worker));
    for (Place place : List.copyOf(parked.keySet())) {
      if (place.worker().equals(worker)) {
        effects.add(new Answer(parked.remove(place).id(), new TrainingMessage.JoinAgain()));
      }
    }
    buffers.forget(worker);
    progress.lose(worker, nowNanos);
  }

  private void answer(Asked asked, TrainingMessage message) {
    effects.add(new Answer(asked.id(), message));
  }
}
