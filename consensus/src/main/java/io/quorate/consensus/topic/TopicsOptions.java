package io.quorate.consensus.topic;

import java.time.Duration;
import java.util.Objects;

/**
 * How a node brings commands into the log of replicated topics.
 *
 * @param batchBytes commands that gather while others are under way share one log entry up to this
 *     size: one fsync on each node for all. 1 to {@code maxCommandBytes}
 * @param maxBatchesUnderWay log entries that are under way at a time; at least 1
 * @param maxCommandBytes the largest command, such as a publish; larger ones are refused. At least
 *     1,024, and 4 KiB less than {@link io.quorate.consensus.raft.RaftOptions#maxCommandBytes}
 * @param maxQueuedBytes commands that have no answer yet; more are refused
 * @param queueTimeout how long a command may wait for its turn before it is refused
 */
public record TopicsOptions(
    int batchBytes,
    int maxBatchesUnderWay,
    int maxCommandBytes,
    long maxQueuedBytes,
    Duration queueTimeout) {
  public TopicsOptions {
    Objects.requireNonNull(queueTimeout, "queueTimeout");
    check(maxCommandBytes >= 1_024, "maxCommandBytes must be at least 1024, was ", maxCommandBytes);
    check(
        batchBytes >= 1 && batchBytes <= maxCommandBytes,
        "batchBytes must be 1 to maxCommandBytes, was ",
        batchBytes);
    check(maxBatchesUnderWay >= 1, "maxBatchesUnderWay must be at least 1, was ",
        maxBatchesUnderWay);
    check(
        maxQueuedBytes >= maxCommandBytes,
        "maxQueuedBytes must be at least maxCommandBytes, was ",
        maxQueuedBytes);
    if (queueTimeout.isNegative() || queueTimeout.isZero()) {
      throw new IllegalArgumentException("queueTimeout must be more than 0, was " + queueTimeout);
    }
  }

  /**
   * Batches of 128 KiB, 4 under way, commands of 1 MiB and a little, 64 MiB queued for at most 5 s.
   */
  public static TopicsOptions defaults() {
    return new TopicsOptions(
        128 << 10, 4, (1 << 20) + (48 << 10), 64L << 20, Duration.ofSeconds(5));
  }

  /** Both bounds of what is sent together. */
  public TopicsOptions withBatches(int batchBytes, int maxBatchesUnderWay) {
    return new TopicsOptions(
        batchBytes, maxBatchesUnderWay, maxCommandBytes, maxQueuedBytes, queueTimeout);
  }

  /** The largest command; batches are made smaller if they were larger. */
  public TopicsOptions withMaxCommandBytes(int maxCommandBytes) {
    return new TopicsOptions(
        Math.min(batchBytes, maxCommandBytes), maxBatchesUnderWay, maxCommandBytes,
        maxQueuedBytes, queueTimeout);
  }

  /** Both bounds of what waits. */
  public TopicsOptions withQueue(long maxQueuedBytes, Duration queueTimeout) {
    return new TopicsOptions(
        batchBytes, maxBatchesUnderWay, maxCommandBytes, maxQueuedBytes, queueTimeout);
  }

  private static void check(boolean valid, String problem, long value) {
    if (!valid) {
      throw new IllegalArgumentException(problem + value);
    }
  }
}
