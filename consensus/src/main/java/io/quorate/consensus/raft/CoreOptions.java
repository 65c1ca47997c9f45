package io.quorate.consensus.raft;

/**
 * How a core behaves. The election timeout must be the same on all nodes of a group, since leases
 * rest on it.
 *
 * @param electionTimeoutNanos silence after which a follower may campaign; at least 4 heartbeats
 * @param heartbeatNanos time between signs of life
 * @param maxAppendBytes encoded entries in one message, unless one entry alone is larger
 * @param maxInFlightBytes entries sent to one peer and not yet answered
 * @param maxUncommittedBytes entries a leader holds that no majority has; more are refused
 * @param priority 0 to 10; lower ones campaign later, 0 never does
 */
record CoreOptions(
    long electionTimeoutNanos,
    long heartbeatNanos,
    int maxAppendBytes,
    long maxInFlightBytes,
    long maxUncommittedBytes,
    int priority) {
  static final int MAX_PRIORITY = 10;

  CoreOptions {
    if (heartbeatNanos < 1 || electionTimeoutNanos < 4 * heartbeatNanos) {
      throw new IllegalArgumentException(
          "electionTimeoutNanos must be at least 4 heartbeats of "
              + heartbeatNanos + ", was " + electionTimeoutNanos);
    }
    if (maxAppendBytes < 1 || maxInFlightBytes < 1 || maxUncommittedBytes < 1) {
      throw new IllegalArgumentException("limits in bytes must be positive");
    }
    if (priority < 0 || priority > MAX_PRIORITY) {
      throw new IllegalArgumentException("priority must be 0 to 10, was " + priority);
    }
  }

  static CoreOptions defaults() {
    return new CoreOptions(300_000_000L, 50_000_000L, 256 << 10, 4L << 20, 64L << 20, 10);
  }

  /** Shorter than the promise voters keep, by a quarter: room for drifting clocks. */
  long leaseNanos() {
    return electionTimeoutNanos / 4 * 3;
  }
}
