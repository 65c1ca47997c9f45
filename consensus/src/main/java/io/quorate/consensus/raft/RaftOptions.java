package io.quorate.consensus.raft;

import io.quorate.core.wal.WalOptions;
import java.time.Duration;
import java.util.Objects;

/**
 * Settings of all groups of one node. The election time-out must be the same on all nodes.
 *
 * @param durable whether log and votes are on disk before they count; without it a group forgets
 *     everything when a majority of its nodes has stopped at one time, and a node that restarts
 *     must come back under a new id
 * @param electionTimeout silence after which a follower campaigns, at least; it waits longer on a
 *     machine that is seen to stall
 * @param operationTimeout how long a command or read may take before it fails
 * @param maxCommandBytes the largest command
 * @param maxQueuedBytes commands given to this node and not yet answered; more are refused
 * @param snapshotLogBytes how much log may gather before a snapshot replaces it
 * @param sessionTimeout log time after which a node that has sent nothing is forgotten
 * @param repair what becomes of a log or snapshot that is damaged: false has the node refuse to
 *     start, true has the damaged files set aside, never deleted, and the node fetch everything
 *     from the others; it has no vote until it has caught up. To find damage before its log is
 *     open, each start then reads the newest snapshots once more. A group whose majority is damaged, or
 *     that has one node alone, then has no leader and waits
 */
public record RaftOptions(
    boolean durable,
    Duration electionTimeout,
    Duration operationTimeout,
    int maxCommandBytes,
    long maxQueuedBytes,
    long snapshotLogBytes,
    Duration sessionTimeout,
    boolean repair) {
  private static final int MIB = 1 << 20;
  private static final int MAX_COMMAND_BYTES = 2 * MIB;
  private static final int UNIT_RESERVE_BYTES = 64 << 10;

  public RaftOptions {
    Objects.requireNonNull(electionTimeout, "electionTimeout");
    if (electionTimeout.toMillis() < 20) {
      throw new IllegalArgumentException(
          "electionTimeout must be at least 20 ms, was " + electionTimeout);
    }
    if (operationTimeout.isNegative() || operationTimeout.isZero()) {
      throw new IllegalArgumentException(
          "operationTimeout must be more than 0, was " + operationTimeout);
    }
    if (maxCommandBytes < 1 || maxCommandBytes > MAX_COMMAND_BYTES) {
      throw new IllegalArgumentException(
          "maxCommandBytes must be 1 to " + MAX_COMMAND_BYTES + ", was " + maxCommandBytes);
    }
    if (maxQueuedBytes < maxCommandBytes) {
      throw new IllegalArgumentException(
          "maxQueuedBytes must be at least maxCommandBytes, was " + maxQueuedBytes);
    }
    if (snapshotLogBytes < 1) {
      throw new IllegalArgumentException(
          "snapshotLogBytes must be at least 1, was " + snapshotLogBytes);
    }
    if (sessionTimeout.compareTo(operationTimeout) < 0) {
      throw new IllegalArgumentException(
          "sessionTimeout must be at least operationTimeout, was " + sessionTimeout);
    }
  }

  /** Durable; 300 ms to an election, 5 s to a failure, commands of 1 MiB, 64 MiB of log. */
  public static RaftOptions defaults() {
    return new RaftOptions(
        true,
        Duration.ofMillis(300),
        Duration.ofSeconds(5),
        MIB + (64 << 10),
        32L * MIB,
        64L * MIB,
        Duration.ofHours(1),
        false);
  }

  /** Keeps log and votes in memory only; see {@link #durable}. */
  public RaftOptions unsafeInMemory() {
    return new RaftOptions(
        false, electionTimeout, operationTimeout, maxCommandBytes, maxQueuedBytes,
        snapshotLogBytes, sessionTimeout, repair);
  }

  public RaftOptions withElectionTimeout(Duration electionTimeout) {
    return new RaftOptions(
        durable, electionTimeout, operationTimeout, maxCommandBytes, maxQueuedBytes,
        snapshotLogBytes, sessionTimeout, repair);
  }

  public RaftOptions withOperationTimeout(Duration operationTimeout) {
    return new RaftOptions(
        durable, electionTimeout, operationTimeout, maxCommandBytes, maxQueuedBytes,
        snapshotLogBytes, sessionTimeout, repair);
  }

  public RaftOptions withMaxCommandBytes(int maxCommandBytes) {
    return new RaftOptions(
        durable, electionTimeout, operationTimeout, maxCommandBytes, maxQueuedBytes,
        snapshotLogBytes, sessionTimeout, repair);
  }

  public RaftOptions withSnapshotLogBytes(long snapshotLogBytes) {
    return new RaftOptions(
        durable, electionTimeout, operationTimeout, maxCommandBytes, maxQueuedBytes,
        snapshotLogBytes, sessionTimeout, repair);
  }

  public RaftOptions withSessionTimeout(Duration sessionTimeout) {
    return new RaftOptions(
        durable, electionTimeout, operationTimeout, maxCommandBytes, maxQueuedBytes,
        snapshotLogBytes, sessionTimeout, repair);
  }

  /** As {@link #repair} says. */
  public RaftOptions withRepair(boolean repair) {
    return new RaftOptions(
        durable, electionTimeout, operationTimeout, maxCommandBytes, maxQueuedBytes,
        snapshotLogBytes, sessionTimeout, repair);
  }

  /** Small files for small commands: a log of which little is kept needs little room. */
  WalOptions wal(String identity) {
    int maxUnitBytes = Math.max(Client.MAX_BATCH_BYTES, maxCommandBytes) + UNIT_RESERVE_BYTES;
    int segmentBytes = (int) Math.min(16L * MIB, Math.max(snapshotLogBytes, 1));
    segmentBytes = Math.max(segmentBytes, 2 * maxUnitBytes + UNIT_RESERVE_BYTES);
    // Units are read at the start only: what is on disk need not be in memory a second time.
    return WalOptions.of(identity)
        .withSegmentBytes(segmentBytes)
        .withMaxRecordBytes(maxUnitBytes)
        .withCacheBytes(0);
  }

  CoreOptions core(int priority) {
    long timeoutNanos = electionTimeout.toNanos();
    return new CoreOptions(
        timeoutNanos, timeoutNanos / 6, Client.MAX_BATCH_BYTES / 2, 4L * MIB, maxQueuedBytes * 2,
        priority);
  }
}
