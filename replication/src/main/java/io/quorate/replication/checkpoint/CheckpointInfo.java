package io.quorate.replication.checkpoint;

import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a checkpoint is, as its manifest says.
 *
 * @param step how far training had come; at least 0
 * @param savedAtMillis wall time of the save, since 1970; orders nothing
 * @param metadata what the application wants to know of it: data position, model version
 * @param shards its files, in the order of their names
 */
public record CheckpointInfo(
    CheckpointId id,
    long step,
    long savedAtMillis,
    SortedMap<String, String> metadata,
    List<ShardInfo> shards) {
  public CheckpointInfo {
    metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
    shards = List.copyOf(shards);
  }

  /** Length of all shards together. */
  public long bytes() {
    return shards.stream().mapToLong(ShardInfo::bytes).sum();
  }

  /**
   * The shard called {@code name}.
   *
   * @throws NoSuchElementException if there is none
   */
  public ShardInfo shard(String name) {
    return shards.stream()
        .filter(shard -> shard.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("no shard " + name + " in checkpoint " + id));
  }
}
