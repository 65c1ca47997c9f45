package io.quorate.replication.training;

/** When a step is over, and what a shard's work in it is. */
public sealed interface SyncPolicy {
  /** Every shard counts in every step: the result depends on nobody's speed. The default. */
  record FullSync() implements SyncPolicy {}

  /**
   * A step ends with the first {@code shards} results; the others' weight is dropped and reported.
   * Cheap against stragglers, but the result depends on timing, and data that is always late is never
   * learned.
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
   * Every shard takes some steps of plain gradient descent by itself; then the ways they have gone are
   * averaged and handed to the job's optimizer as if they were gradients. Far fewer messages.
   *
   * @param localSteps at least 1
   * @param rate of the local steps, more than 0
   * @see <a href="https://arxiv.org/abs/2311.08105">Douillard et al. 2023, DiLoCo</a>
   */
  record LocalSgd(int localSteps, double rate) implements SyncPolicy {
    public LocalSgd {
      if (localSteps < 1) {
        throw new IllegalArgumentException("localSteps must be at least 1, was " + localSteps);
      }
      if (!(rate > 0)) {
        throw new IllegalArgumentException("rate must be more than 0, was " + rate);
      }
    }
  }
}
