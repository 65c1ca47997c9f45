package io.quorate.replication.checkpoint;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.List;

/**
 * How checkpoints are kept.
 *
 * @param directory where, below the node's data directory
 * @param keepLast how many of the newest a collection leaves; at least 1
 * @param parallelism how many shards are written at once; 1 to 64
 * @param maxSavesInFlight how many saves may run at once; more are refused; at least 1
 * @param peers other nodes that keep copies; they run a store of the same options
 * @param copies how many nodes, this one included, must hold a checkpoint before its save completes;
 *     1 to the number of peers and 1
 * @param chunkBytes how much of a shard travels in one message; 1 KiB to 8 MiB
 * @param copyTimeout how long to wait for a peer's answer
 */
public record CheckpointOptions(
    String directory,
    int keepLast,
    int parallelism,
    int maxSavesInFlight,
    List<NodeId> peers,
    int copies,
    int chunkBytes,
    Duration copyTimeout) {
  public CheckpointOptions {
    peers = List.copyOf(peers);
    require("keepLast", keepLast, 1, Integer.MAX_VALUE);
    require("parallelism", parallelism, 1, 64);
    require("maxSavesInFlight", maxSavesInFlight, 1, Integer.MAX_VALUE);
    require("copies", copies, 1, peers.size() + 1);
    require("chunkBytes", chunkBytes, 1 << 10, 8 << 20);
    if (copyTimeout.isNegative() || copyTimeout.isZero()) {
      throw new IllegalArgumentException("copyTimeout must be more than 0, was " + copyTimeout);
    }
  }

  /** The last three, four shards at once, two saves at once, no copies on peers. */
  public static CheckpointOptions in(String directory) {
    return new CheckpointOptions(
        directory, 3, 4, 2, List.of(), 1, 256 << 10, Duration.ofSeconds(10));
  }

  /** These, with copies on {@code copies} of this node and {@code peers}. */
  public CheckpointOptions withPeers(List<NodeId> peers, int copies) {
    return new CheckpointOptions(
        directory, keepLast, parallelism, maxSavesInFlight, peers, copies, chunkBytes, copyTimeout);
  }

  public CheckpointOptions withKeepLast(int keepLast) {
    return new CheckpointOptions(
        directory, keepLast, parallelism, maxSavesInFlight, peers, copies, chunkBytes, copyTimeout);
  }

  public CheckpointOptions withParallelism(int parallelism) {
    return new CheckpointOptions(
        directory, keepLast, parallelism, maxSavesInFlight, peers, copies, chunkBytes, copyTimeout);
  }

  public CheckpointOptions withMaxSavesInFlight(int maxSavesInFlight) {
    return new CheckpointOptions(
        directory, keepLast, parallelism, maxSavesInFlight, peers, copies, chunkBytes, copyTimeout);
  }

  private static void require(String name, int value, int from, int to) {
    if (value < from || value > to) {
      throw new IllegalArgumentException(
          name + " must be " + from + " to " + to + ", was " + value);
    }
  }
}
