package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.replication.local.LocalOptions;
import io.quorate.replication.replica.Repair;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a quorum store works.
 *
 * @param local how each node keeps its cells; hints and identity go below the same directory
 * @param readReplicas how many replicas a read at {@code QUORUM} asks; 0 for a majority
 * @param writeReplicas how many replicas a write at {@code QUORUM} waits for; 0 for a majority
 * @param zones which zone each node is in; nodes that are not named are in the one that the
 *     partitioner of the placement says, or else in zone {@code ""}
 * @param maxDrift how far ahead of a replica's wall clock a version may be
 * @param repairInterval how often a node compares itself with one of its peers
 * @param limits bounds on what is in flight
 * @param moves how keys move when the placement changes
 */
public record QuorumOptions(
    LocalOptions local,
    int readReplicas,
    int writeReplicas,
    SortedMap<NodeId, String> zones,
    Duration maxDrift,
    Duration repairInterval,
    Limits limits,
    MoveOptions moves) {
  /**
   * Bounds.
   *
   * @param maxOperations operations that one node coordinates at a time; more are refused
   * @param maxValueBytes length of a value
   * @param maxHints writes kept for replicas that could not be reached; more are left to repair
   */
  public record Limits(int maxOperations, int maxValueBytes, int maxHints) {
    public Limits {
      if (maxOperations < 1 || maxValueBytes < 1 || maxHints < 0) {
        throw new IllegalArgumentException(
            "maxOperations and maxValueBytes must be at least 1 and maxHints at least 0, were "
                + maxOperations + ", " + maxValueBytes + " and " + maxHints);
      }
    }

    /** 65,536 operations, values of 1 MiB, 100,000 hints. */
    public static Limits defaults() {
      return new Limits(1 << 16, 1 << 20, 100_000);
    }
  }

  public QuorumOptions {
    zones = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(zones));
    if (readReplicas < 0 || writeReplicas < 0) {
      throw new IllegalArgumentException(
          "readReplicas and writeReplicas must be at least 0, were "
              + readReplicas + " and " + writeReplicas);
    }
    if (maxDrift.isNegative() || repairInterval.isNegative() || repairInterval.isZero()) {
      throw new IllegalArgumentException(
          "maxDrift must be at least 0 and repairInterval more, were "
              + maxDrift + " and " + repairInterval);
    }
  }

  /** Majorities, one zone, a minute of drift, repair every second. */
  public static QuorumOptions in(String directory) {
    return new QuorumOptions(
        LocalOptions.in(directory + "/cells"),
        0,
        0,
        new TreeMap<>(),
        Duration.ofMinutes(1),
        Duration.ofSeconds(1),
        Limits.defaults(),
        MoveOptions.defaults());
  }

  public QuorumOptions withLocal(LocalOptions local) {
    return new QuorumOptions(
        local, readReplicas, writeReplicas, zones, maxDrift, repairInterval, limits, moves);
  }

  /** These, with so many replicas for reads and writes at {@code QUORUM}. */
  public QuorumOptions withQuorums(int readReplicas, int writeReplicas) {
    return new QuorumOptions(
        local, readReplicas, writeReplicas, zones, maxDrift, repairInterval, limits, moves);
  }

  public QuorumOptions withZones(Map<NodeId, String> zones) {
    return new QuorumOptions(
        local, readReplicas, writeReplicas, new TreeMap<>(zones), maxDrift, repairInterval, limits,
        moves);
  }

  public QuorumOptions withMaxDrift(Duration maxDrift) {
    return new QuorumOptions(
        local, readReplicas, writeReplicas, zones, maxDrift, repairInterval, limits, moves);
  }

  public QuorumOptions withRepairInterval(Duration repairInterval) {
    return new QuorumOptions(
        local, readReplicas, writeReplicas, zones, maxDrift, repairInterval, limits, moves);
  }

  public QuorumOptions withLimits(Limits limits) {
    return new QuorumOptions(
        local, readReplicas, writeReplicas, zones, maxDrift, repairInterval, limits, moves);
  }

  public QuorumOptions withMoves(MoveOptions moves) {
    return new QuorumOptions(
        local, readReplicas, writeReplicas, zones, maxDrift, repairInterval, limits, moves);
  }

  int readQuorum(int replicas) {
    return readReplicas == 0 ? Quota.majority(replicas) : Math.min(readReplicas, replicas);
  }

  int writeQuorum(int replicas) {
    return writeReplicas == 0 ? Quota.majority(replicas) : Math.min(writeReplicas, replicas);
  }

  /** With how many members to compare, so that every quorum has one of them. */
  Repair.Quorums quorums() {
    return new Repair.Quorums() {
      @Override
      public int catchUp(int members) {
        return members - Math.min(writeQuorum(members), Quota.majority(members)) + 1;
      }

      @Override
      public int move(int members) {
        return Math.max(catchUp(members), members - readQuorum(members) + 1);
      }
    };
  }

  /**
   * Refuses quorums that need not meet.
   *
   * @throws IllegalArgumentException if a read of {@code replicas} can miss an acknowledged write, or
   *     there are more than 32
   */
  void requireIntersection(int replicas) {
    if (replicas > Plan.MAX_REPLICAS) {
      throw new IllegalArgumentException(
          "a key must have at most " + Plan.MAX_REPLICAS + " replicas, had " + replicas);
    }
    if (readQuorum(replicas) + writeQuorum(replicas) <= replicas) {
      throw new IllegalArgumentException(
          "readReplicas + writeReplicas must be more than the replicas, were "
              + readQuorum(replicas) + " + " + writeQuorum(replicas) + " of " + replicas);
    }
  }
}
