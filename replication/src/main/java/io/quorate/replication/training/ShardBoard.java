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
  private static final int MAX_COPIES = 2;

  /** One computation under way. */
  private record Attempt(NodeId worker, Work work, long beganNanos) {}

  private static final class Shard {
    final List<Attempt> attempts = new ArrayList<>();
    Optional<NodeId> owner = Optional.empty();
    ShardResult result;
    int begun;
    int failures;
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
  private long[] durations = new long[0];
  private int done;
  private int copiesStarted;
  private int copiesWasted;
  private Optional<NodeId> slowest = Optional.empty();

  ShardBoard(TrainingOptions options) {
    this.options = options;
    this.sticky = options.codec().isStateful();
    this.shards = new Shard[options.shards()];
    Arrays.setAll(shards, i -> new Shard());
  }

  /** Begins another step; shards stay with their owners. */
  void nextStep() {
    for (Shard shard : shards) {
      shard.attempts.clear();
      shard.result = null;
      shard.begun = 0;
      shard.failures = 0;
    }
    done = 0;
    copiesStarted = 0;
    copiesWasted = 0;
    durations = new long[0];
    slowest = Optional.empty();
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

  int copiesStarted() {
    return copiesStarted;
  }

  int copiesWasted() {
    return copiesWasted;
  }

  Optional<NodeId> slowest() {
    return slowest;
  }

  /** The results that are there, by shard. */
  List<ShardResult> results() {
    List<ShardResult> results = new ArrayList<>();
    for (Shard shard : shards) {
      if (shard.result != null) {
        results.add(shard.result);
      }
    }
    return results;
  }

  /** Work for {@code worker}, which becomes under way. */
  Optional<Work> assign(
      NodeId worker, int lane, long term, long step, int fairShare, long nowNanos) {
    Optional<Integer> chosen = choose(worker, fairShare, nowNanos);
    return chosen.map(
        index -> {
          Shard shard = shards[index];
          if (!shard.attempts.isEmpty()) {
            copiesStarted++;
          }
          Work work = new Work(term, step, index, shard.begun++, lane);
          shard.owner = Optional.of(worker);
          shard.attempts.add(new Attempt(worker, work, nowNanos));
          return work;
        });
  }

  private Optional<Integer> choose(NodeId worker, int fairShare, long nowNanos) {
    Optional<Integer> free = Optional.empty();
    int owned = 0;
    for (int i = 0; i < shards.length; i++) {
      Shard shard = shards[i];
      boolean mine = shard.owner.isPresent() && shard.owner.get().equals(worker);
      owned += mine ? 1 : 0;
      if (shard.result != null || !shard.attempts.isEmpty()) {
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
    double limit = options.speculation().multiple() * median();
    for (int i = 0; i < shards.length; i++) {
      List<Attempt> attempts = shards[i].attempts;
      boolean copyable = !attempts.isEmpty() && attempts.size() < MAX_COPIES;
      if (copyable
          && attempts.stream().noneMatch(attempt -> attempt.worker().equals(worker))
          && nowNanos - attempts.get(0).beganNanos() > limit) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  private long median() {
    long[] sorted = durations.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Whether {@code work} is still wanted from {@code worker}. */
  boolean isWanted(NodeId worker, Work work) {
    return work.shard() < shards.length
        && shards[work.shard()].result == null
        && shards[work.shard()].attempts.stream()
            .anyMatch(a -> a.worker().equals(worker) && a.work().equals(work));
  }

  /** Whether a result of {@code work} can be judged: it is of a shard of this step. */
  boolean isKnown(Work work) {
    return work.shard() < shards.length && shards[work.shard()].begun > work.attempt();
  }

  Verdict deliver(Work work, ShardResult result, long nowNanos) {
    Shard shard = shards[work.shard()];
    if (shard.result != null) {
      copiesWasted++;
      return shard.result.crc() == result.crc() ? Verdict.WASTED : Verdict.DISAGREES;
    }
    shard.result = result;
    for (Attempt attempt : shard.attempts) {
      if (attempt.work().equals(work)) {
        durations = Arrays.copyOf(durations, durations.length + 1);
        durations[durations.length - 1] = nowNanos - attempt.beganNanos();
      }
    }
    shard.attempts.clear();
    done++;
    slowest = Optional.of(result.worker());
    return Verdict.COUNTS;
  }

  /** Takes back a result that has turned out bad; how often this shard has failed now. */
  int reject(int index) {
    shards[index].result = null;
    shards[index].owner = Optional.empty();
    done--;
    return ++shards[index].failures;
  }

  /** {@code worker} cannot do {@code work}; how often this shard has failed now. */
  int fail(NodeId worker, Work work) {
    Shard shard = shards[work.shard()];
    shard.attempts.removeIf(a -> a.worker().equals(worker) && a.work().equals(work));
    shard.owner = Optional.empty();
    return ++shard.failures;
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
      if (shards[i].result == null) {
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
