package io.quorate.replication.quorum;

import java.time.Duration;

/**
 * How keys move when the placement changes.
 *
 * @param bytesPerSecond how fast a node receives keys at most; at least 1 KiB
 * @param pollInterval how often the nodes ask each other how far they are
 * @param dropDelay how long a node keeps keys that have moved away, after all nodes go by the new
 *     placement and serve
 * @param patience how long {@link QuorumStore#change} waits while nothing moves
 */
public record MoveOptions(
    long bytesPerSecond, Duration pollInterval, Duration dropDelay, Duration patience) {
  public MoveOptions {
    if (bytesPerSecond < 1 << 10) {
      throw new IllegalArgumentException(
          "bytesPerSecond must be at least 1024, was " + bytesPerSecond);
    }
    if (pollInterval.isNegative() || pollInterval.isZero()) {
      throw new IllegalArgumentException("pollInterval must be more than 0, was " + pollInterval);
    }
    if (dropDelay.isNegative()) {
      throw new IllegalArgumentException("dropDelay must be at least 0, was " + dropDelay);
    }
    if (patience.isNegative() || patience.isZero()) {
      throw new IllegalArgumentException("patience must be more than 0, was " + patience);
    }
  }

  /** 32 MiB a second, asked twice a second, kept for a minute, patient for ten. */
  public static MoveOptions defaults() {
    return new MoveOptions(
        32 << 20, Duration.ofMillis(500), Duration.ofMinutes(1), Duration.ofMinutes(10));
  }

  public MoveOptions withBytesPerSecond(long bytesPerSecond) {
    return new MoveOptions(bytesPerSecond, pollInterval, dropDelay, patience);
  }

  public MoveOptions withPollInterval(Duration pollInterval) {
    return new MoveOptions(bytesPerSecond, pollInterval, dropDelay, patience);
  }

  public MoveOptions withDropDelay(Duration dropDelay) {
    return new MoveOptions(bytesPerSecond, pollInterval, dropDelay, patience);
  }

  public MoveOptions withPatience(Duration patience) {
    return new MoveOptions(bytesPerSecond, pollInterval, dropDelay, patience);
  }
}
