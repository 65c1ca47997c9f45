package io.quorate.replication.training;

/**
 * The training data, by index: which examples belong to a shard in a step depends on nothing else,
 * so that any worker can compute any shard, and a restarted job reads the same data again.
 */
public interface BatchSource<B> {
  /**
   * The examples of one shard in one step; may be empty.
   *
   * @param epoch from 0 on
   * @param step within the epoch, from 0 on, less than {@link #stepsPerEpoch}
   * @param shard from 0 on, less than {@code shards}
   * @param shards how many shards there are
   */
  B batch(long epoch, long step, int shard, int shards);

  /** Steps until the data begins again; at least 1. */
  long stepsPerEpoch();
}
