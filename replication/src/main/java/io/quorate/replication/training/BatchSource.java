package io.quorate.replication.training;

/**
 * The training data, by index: which examples belong to a shard in a step depends on nothing else,
 * so that any worker can compute any shard, and a restarted job reads the same data again.
 *
 * <p>Called by a worker's lanes, several threads at once, just before each gradient: what takes
 * long is best cached here. What is thrown fails the work as if the gradient function had.
 *
 * @param <B> a batch: what the {@link GradientFunction} takes
 */
public interface BatchSource<B> {
  /**
   * The examples of one shard in one step; may be empty, and may differ in number: a step divides
   * by the weight of all.
   *
   * @param epoch from 0 on
   * @param step within the epoch, from 0 on, less than {@link #stepsPerEpoch}
   * @param shard from 0 on, less than {@code shards}
   * @param shards how many shards there are
   */
  B batch(long epoch, long step, int shard, int shards);

  /** Steps until the data begins again; at least 1, else all work fails. Always the same. */
  long stepsPerEpoch();
}
