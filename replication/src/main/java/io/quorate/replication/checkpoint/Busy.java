package io.quorate.replication.checkpoint;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which checkpoints are being saved, read or copied: collection passes them over. */
final class Busy {
  private final Map<CheckpointId, Integer> holders = new TreeMap<>();

  void hold(CheckpointId id) {
    holders.merge(id, 1, Integer::sum);
  }

  void release(CheckpointId id) {
    holders.computeIfPresent(id, (i, count) -> count == 1 ? null : count - 1);
  }

  /** A copy. */
  Set<CheckpointId> all() {
    return new TreeSet<>(holders.keySet());
  }
}
