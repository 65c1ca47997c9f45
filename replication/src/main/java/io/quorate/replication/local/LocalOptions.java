package io.quorate.replication.local;

/**
 * How a local store keeps its data.
 *
 * @param directory where, below the node's data directory
 * @param durability what durable means
 * @param sorted whether keys are kept in order, for {@link LocalStore#scan}
 * @param segmentBytes how long a log file grows; 4 KiB to 1 GiB
 * @param cacheBytes how many bytes of values stay in memory
 * @param snapshotEveryBytes how much log may grow until the index is written out again, which bounds
 *     the time to reopen after a crash
 * @param mergeBytesPerSecond how fast garbage is collected at most
 */
public record LocalOptions(
    String directory,
    Durability durability,
    boolean sorted,
    int segmentBytes,
    long cacheBytes,
    long snapshotEveryBytes,
    long mergeBytesPerSecond) {
  /** What an acknowledged write survives. */
  public enum Durability {
    /** Power failure: forced to the device before it is acknowledged. */
    FORCED,
    /** The end of the process: handed to the operating system. */
    WRITTEN
  }

  private static final int MIN_SEGMENT_BYTES = 4 << 10;
  private static final int MAX_SEGMENT_BYTES = 1 << 30;

  public LocalOptions {
    if (segmentBytes < MIN_SEGMENT_BYTES || segmentBytes > MAX_SEGMENT_BYTES) {
      throw new IllegalArgumentException(
          "segmentBytes must be 4 KiB to 1 GiB, was " + segmentBytes);
    }
    if (cacheBytes < 0 || snapshotEveryBytes < 1 || mergeBytesPerSecond < 1) {
      throw new IllegalArgumentException(
          "cacheBytes must be at least 0, snapshotEveryBytes and mergeBytesPerSecond at least 1, were "
              + cacheBytes + ", " + snapshotEveryBytes + " and " + mergeBytesPerSecond);
    }
  }

  /** Forced, unsorted, segments of 64 MiB, 64 MiB of cache, merging at 16 MiB/s. */
  public static LocalOptions in(String directory) {
    return new LocalOptions(
        directory, Durability.FORCED, false, 64 << 20, 64 << 20, 256 << 20, 16 << 20);
  }

  public LocalOptions withDurability(Durability durability) {
    return new LocalOptions(
        directory, durability, sorted, segmentBytes, cacheBytes, snapshotEveryBytes,
        mergeBytesPerSecond);
  }

  public LocalOptions withSorted(boolean sorted) {
    return new LocalOptions(
        directory, durability, sorted, segmentBytes, cacheBytes, snapshotEveryBytes,
        mergeBytesPerSecond);
  }

  public LocalOptions withSegmentBytes(int segmentBytes) {
    return new LocalOptions(
        directory, durability, sorted, segmentBytes, cacheBytes, snapshotEveryBytes,
        mergeBytesPerSecond);
  }

  public LocalOptions withCacheBytes(long cacheBytes) {
    return new LocalOptions(
        directory, durability, sorted, segmentBytes, cacheBytes, snapshotEveryBytes,
        mergeBytesPerSecond);
  }

  public LocalOptions withSnapshotEveryBytes(long snapshotEveryBytes) {
    return new LocalOptions(
        directory, durability, sorted, segmentBytes, cacheBytes, snapshotEveryBytes,
        mergeBytesPerSecond);
  }
}
