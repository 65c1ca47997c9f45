package io.quorate.core.sim;

import java.time.Duration;

/**
 * How disks behave when nobody breaks them. Latencies are means of exponential distributions.
 *
 * @param read latency of a read
 * @param write latency of a write into the page cache
 * @param sync latency of making a file or directory durable
 * @param slowSync probability that a sync takes a hundred times as long
 * @param garbage whether a crash may leave garbage in sectors of unsynced writes
 * @param capacityBytes room for all files of a node
 */
public record DiskOptions(
    Duration read,
    Duration write,
    Duration sync,
    double slowSync,
    boolean garbage,
    long capacityBytes) {
  public DiskOptions {
    if (read.isNegative() || write.isNegative() || sync.isNegative()) {
      throw new IllegalArgumentException(
          "latencies must not be negative, were " + read + ", " + write + ", " + sync);
    }
    SimulationOptions.probability(slowSync, "slowSync");
    if (capacityBytes < 0) {
      throw new IllegalArgumentException(
          "capacityBytes must not be negative, was " + capacityBytes);
    }
  }

  /** A good solid-state disk of 1 TiB: syncs take 200 microseconds, one in a thousand 20 ms. */
  public static DiskOptions defaults() {
    return new DiskOptions(
        Duration.ofNanos(20_000),
        Duration.ofNanos(5_000),
        Duration.ofNanos(200_000),
        0.001,
        true,
        1L << 40);
  }

  public DiskOptions withLatency(Duration read, Duration write, Duration sync) {
    return new DiskOptions(read, write, sync, slowSync, garbage, capacityBytes);
  }

  public DiskOptions withSlowSync(double slowSync) {
    return new DiskOptions(read, write, sync, slowSync, garbage, capacityBytes);
  }

  public DiskOptions withGarbage(boolean garbage) {
    return new DiskOptions(read, write, sync, slowSync, garbage, capacityBytes);
  }

  public DiskOptions withCapacityBytes(long capacityBytes) {
    return new DiskOptions(read, write, sync, slowSync, garbage, capacityBytes);
  }
}
