package io.quorate.replication.training;

import io.quorate.core.NodeId;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Finds work that takes suspiciously long, for an idle worker to do as well.
 *
 * @see Speculation
 */
final class Stragglers {
  /** Computations of one shard at a time. */
  private static final int MAX_COPIES = 2;

  /** A computation under way. */
  interface UnderWay {
    NodeId worker();

    long beganNanos();
  }

  private Stragglers() {}

  /**
   * The first shard that {@code worker} may copy: one that is under way elsewhere alone, and takes
   * {@code multiple} times the median of the first {@code known} of {@code durations}, at least 1.
   *
   * @param attempts what is under way of each of {@code shards}, the oldest first
   */
  static Optional<Integer> find(
      int shards,
      IntFunction<? extends List<? extends UnderWay>> attempts,
      NodeId worker,
      double multiple,
      long[] durations,
      int known,
      long nowNanos) {
    double limit = multiple * median(durations, known);
    for (int i = 0; i < shards; i++) {
      List<? extends UnderWay> ofShard = attempts.apply(i);
      boolean copyable = !ofShard.isEmpty() && ofShard.size() < MAX_COPIES;
      if (copyable
          && ofShard.stream().noneMatch(attempt -> attempt.worker().equals(worker))
          && nowNanos - ofShard.get(0).beganNanos() > limit) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  private static long median(long[] durations, int count) {
    long[] sorted = Arrays.copyOf(durations, count);
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
