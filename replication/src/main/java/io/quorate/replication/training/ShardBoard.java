package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Who works on which shard of the current step: what is to do, under way and done. Decides what an
 * idle worker gets: its own shard if it has one, else any that nobody works on, else a copy of one
 * that takes suspiciously long.
 */
final class ShardBoard {
  /**
   * Work that was given away.
   *
   * @param slow whose work this is a copy of, if of anyone's
   */
  record Assigned(Work work, Optional<NodeId> slow) {}

  /** One computation under way. */
  private record Attempt(NodeId worker, Work work, long beganNanos)
      implements Stragglers.UnderWay {}

  private static final class Shard {
    final List<Attempt> attempts = new ArrayList<>();
    Optional<NodeId> owner = Optional.empty();
    boolean done;
    int crc;
    int begun;
    /** Until it can go to the reducer. */
    ShardResult early;
  }

  /** What became of a result. */
  enum Verdict {
    COUNTS,
    WASTED,
    DISAGREES
  }

  private final TrainingOptions options;
  private final boolean sticky;
  private final Shard[] shards;
  private final long[] durations;
  private int done;
  /** All shards before this one have gone to the reducer. */
  private int reduced;

  ShardBoard(TrainingOptions options) {
    this.options = options;
    this.sticky = options.codec().isStateful();
    this.shards = new Shard[options.shards()];
    Arrays.setAll(shards, i -> new Shard());
    this.durations = new long[shards.length];
  }

  /** Begins another step; shards stay with their owners. */
  void nextStep() {
    for (Shard shard : shards) {
      shard.attempts.clear();
      shard.done = false;
      shard.early = null;
      shard.begun = 0;
    }
    done = 0;
    reduced = 0;
  }

  /** From now on any worker may take any shard. */
  void disown() {
    for (Shard shard : shards) {
      shard.owner = Optional.empty();
    }
  }

  int done() {
    return done;
  }

  /**
   * Takes out the results that are next in the order of shards.
   *
   * @param all whether nothing more will come, so that gaps do not matter
   */
  List<ShardResult> inOrder(boolean all) {
    List<ShardResult> results = new ArrayList<>();
    while (reduced < shards.length && (all || shards[reduced].done)) {
      Shard shard = shards[reduced++];
      if (shard.early != null) {
        results.add(shard.early);
        shard.early = null;
      }
    }
    return results;
  }

  /** Work for {@code worker}, which becomes under way. */
  Optional<Assigned> assign(
      NodeId worker, int lane, long term, long step, int fairShare, long nowNanos) {
    Optional<Integer> chosen = choose(worker, fairShare, nowNanos);
    return chosen.map(
        index -> {
          Shard shard = shards[index];
          Optional<NodeId> slow = shard.attempts.stream().map(Attempt::worker).findFirst();
          Work work = new Work(term, step, index, shard.begun++, lane);
          shard.owner = Optional.of(worker);
          shard.attempts.add(new Attempt(worker, work, nowNanos));
          return new Assigned(work, slow);
        });
  }

  private Optional<Integer> choose(NodeId worker, int fairShare, long nowNanos) {
    Optional<Integer> free = Optional.empty();
    int owned = 0;
    for (int i = 0; i < shards.length; i++) {
      Shard shard = shards[i];
      boolean mine = shard.owner.isPresent() && shard.owner.get().equals(worker);
      owned += mine ? 1 : 0;
      if (shard.done || !shard.attempts.isEmpty()) {
        continue;
      }
      if (mine) {
        return Optional.of(i);
      }
      if (free.isEmpty() && (!sticky || shard.owner.isEmpty())) {
        free = Optional.of(i);
      }
    }
    if (sticky) {
      // A residual is bound to its worker: take no more than a fair share of them.
      return owned < fairShare ? free : Optional.empty();
    }
    return free.isPresent() ? free : suspiciouslySlow(worker, nowNanos);
  }

  private Optional<Integer> suspiciouslySlow(NodeId worker, long nowNanos) {
    if (done < options.speculation().quantile() * shards.length || done == 0) {
      return Optional.empty();
    }
    return Stragglers.find(
        shards.length, i -> shards[i].attempts, worker, options.speculation().multiple(), durations,
        done, nowNanos);
  }

  /** Whether {@code work} is still wanted from {@code worker}. */
  boolean isWanted(NodeId worker, Work work) {
    return work.shard() < shards.length
        && !shards[work.shard()].done
        && shards[work.shard()].attempts.stream()
            .anyMatch(a -> a.worker().equals(worker) && a.work().equals(work));
  }

  /** Whether a result of {@code work} can be judged: it is of a shard of this step. */
  boolean isKnown(Work work) {
    return work.shard() < shards.length && shards[work.shard()].begun > work.attempt();
  }

  Verdict deliver(Work work, ShardResult result, long nowNanos) {
    Shard shard = shards[work.shard()];
    if (shard.done) {
      return shard.crc == result.crc() ? Verdict.WASTED : Verdict.DISAGREES;
    }
    shard.done = true;
    shard.crc = result.crc();
    shard.early = result;
    // A worker that was given up may answer after all: then nobody knows how long it took.
    durations[done++] =
        shard.attempts.stream()
            .filter(attempt -> attempt.work().equals(work))
            .findFirst()
            .map(attempt -> nowNanos - attempt.beganNanos())
            .orElse(0L);
    shard.attempts.clear();
    return Verdict.COUNTS;
  }

  /** {@code worker} cannot do {@code work}. */
  void fail(NodeId worker, Work work) {
    Shard shard = shards[work.shard()];
    shard.attempts.removeIf(a -> a.worker().equals(worker) && a.work().equals(work));
    shard.owner = Optional.empty();
  }

  /** {@code worker} is gone; whether it owned any shard. */
  boolean abandon(NodeId worker) {
    boolean owned = false;
    for (Shard shard : shards) {
      shard.attempts.removeIf(attempt -> attempt.worker().equals(worker));
      if (shard.owner.isPresent() && shard.owner.get().equals(worker)) {
        shard.owner = Optional.empty();
        owned = true;
      }
    }
    return owned;
  }

  /** The same worker asks again for its lane's work: the former answer must have been lost. */
  void forgetLane(NodeId worker, int lane) {
    for (Shard shard : shards) {
      shard.attempts.removeIf(a -> a.worker().equals(worker) && a.work().lane() == lane);
    }
  }

  /** Who holds up the step, for people. */
  String culprits() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < shards.length; i++) {
      if (!shards[i].done) {
        text.append(text.length() == 0 ? "" : ", ").append("shard ").append(i);
        if (shards[i].attempts.isEmpty()) {
          text.append(" (no worker)");
        } else {
          shards[i].attempts.forEach(attempt -> text.append(" of ").append(attempt.worker()));
        }
      }
      if (text.length() > 400) {
        return text.append(", ...").toString();
      }
    }
    return text.toString();
  }
}
