package io.quorate.replication.training;

import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * Where in the training a gradient is computed.
 *
 * @param epoch from 0 on
 * @param step of the data since the begin of the job, from 0 on: with {@link SyncPolicy.LocalSgd}
 *     that is several for each step of the job
 * @param shard from 0 on
 * @param attempt counts copies of the same work, from 0 on; must not influence the result
 * @param seed the job's
 * @param cancelled whether the result is no longer wanted; long computations look now and then, and
 *     may return or throw what they like once it is. May be asked by any thread; cheap
 */
public record StepContext(
    long epoch, long step, int shard, int attempt, long seed, BooleanSupplier cancelled) {

  /**
   * A stream of chance that depends on the job's seed, the step and the shard alone. Each call
   * gives it from its begin on. For one thread.
   */
  public RandomGenerator random() {
    return new SplittableRandom(mix(mix(seed, step), shard));
  }

  private static long mix(long a, long b) {
    long x = a ^ (b + 0x9e3779b97f4a7c15L);
    x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
