package io.quorate.replication.training;

/** When a step is over, and what a shard's work in it is. */
public sealed interface SyncPolicy {
  /** Whether all shards take the same step. */
  default boolean isLockStep() {
    return !(this instanceof BoundedStaleness || this instanceof Async);
  }

  /** Every shard counts in every step: the result depends on nobody's speed. The default. */
  record FullSync() implements SyncPolicy {}

  /**
   * A step ends with the first {@code shards} results; the others' weight is dropped and reported.
   * Cheap against stragglers, but the result depends on timing, and data that is always late is
   * never learned.
   *
   * @param shards at least 1; at most the job's shards
   * @see <a href="https://arxiv.org/abs/1604.00981">Chen et al. 2016, Revisiting distributed
   *     synchronous SGD</a>
   */
  record BackupWorkers(int shards) implements SyncPolicy {
    public BackupWorkers {
      if (shards < 1) {
        throw new IllegalArgumentException("shards must be at least 1, was " + shards);
      }
    }
  }

  /**
   * Each shard takes its steps at its own pace, but none begins a step more than {@code steps}
   * ahead of the shard that is furthest behind. Each result changes the parameters by itself, as
   * soon as it comes. A straggler holds nobody up until the bound is reached, and then the work
   * that it holds is copied.
   *
   * <p>Each shard's every step counts once, whatever becomes of workers and master; but the order
   * of updates depends on timing, so <b>two runs do not end in the same bits</b>. An update is a
   * step of the optimizer over one shard, so its rate is to be about as many times smaller as there
   * are shards.
   *
   * @param steps at least 0; with 0 all shards take the same step, though not from the same
   *     parameters
   * @see <a href="https://papers.nips.cc/paper/4894">Ho et al. 2013, More effective distributed ML
   *     via a stale synchronous parallel parameter server</a>
   */
  record BoundedStaleness(long steps) implements SyncPolicy {
    public BoundedStaleness {
      if (steps < 0) {
        throw new IllegalArgumentException("steps must be at least 0, was " + steps);
      }
    }
  }

  /**
   * As {@link BoundedStaleness} without a bound: nobody waits for anybody before the end. The
   * result depends on timing, and a slow shard's gradients may be old; {@link StepStats#staleness}
   * tells how old.
   */
  record Async() implements SyncPolicy {}

  /**
   * Every shard takes some steps of plain gradient descent by itself; then the ways they have gone
   * are averaged and handed to the job's optimizer as if they were gradients. Far fewer messages.
   *
   * @param localSteps at least 1
   * @param rate of the local steps, more than 0 and finite
   * @see <a href="https://arxiv.org/abs/2311.08105">Douillard et al. 2023, DiLoCo</a>
   */
  record LocalSgd(int localSteps, double rate) implements SyncPolicy {
    public LocalSgd {
      if (localSteps < 1) {
        throw new IllegalArgumentException("localSteps must be at least 1, was " + localSteps);
      }
      if (!(rate > 0) || Double.isInfinite(rate)) {
        throw new IllegalArgumentException("rate must be more than 0, was " + rate);
      }
    }
  }
}
