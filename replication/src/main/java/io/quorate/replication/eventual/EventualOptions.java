package io.quorate.replication.eventual;

import io.quorate.replication.local.LocalOptions;
import java.time.Duration;

/**
 * How an eventually consistent store works.
 *
 * @param local how each node keeps its cells
 * @param maxDrift how far ahead of this node's wall clock a version of another may be; those ahead of
 *     it are taken when their time has come
 * @param repairInterval how often a node compares itself with one of its peers; with n members and
 *     nothing in the way, all are alike within about n times this
 * @param maxValueBytes length of a value
 */
public record EventualOptions(
    LocalOptions local, Duration maxDrift, Duration repairInterval, int maxValueBytes) {
  public EventualOptions {
    if (maxDrift.isNegative() || repairInterval.isNegative() || repairInterval.isZero()) {
      throw new IllegalArgumentException(
          "maxDrift must be at least 0 and repairInterval more, were "
              + maxDrift + " and " + repairInterval);
    }
    if (maxValueBytes < 1) {
      throw new IllegalArgumentException(
          "maxValueBytes must be at least 1, was " + maxValueBytes);
    }
  }

  /** A minute of drift, repair every second, values of 1 MiB. */
  public static EventualOptions in(String directory) {
    return new EventualOptions(
        LocalOptions.in(directory), Duration.ofMinutes(1), Duration.ofSeconds(1), 1 << 20);
  }

  public EventualOptions withLocal(LocalOptions local) {
    return new EventualOptions(local, maxDrift, repairInterval, maxValueBytes);
  }

  public EventualOptions withMaxDrift(Duration maxDrift) {
    return new EventualOptions(local, maxDrift, repairInterval, maxValueBytes);
  }

  public EventualOptions withRepairInterval(Duration repairInterval) {
    return new EventualOptions(local, maxDrift, repairInterval, maxValueBytes);
  }
}
