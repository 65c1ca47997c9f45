package io.quorate.replication.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Decides what may be deleted. The newest few, the pinned and those in use stay; and before anything
 * older goes, one that stays must have been read whole and found good. If none of them is good, the
 * newest good one among the older stays too.
 */
final class Retention {
  private final CheckpointFiles files;
  private final int keepLast;

  Retention(CheckpointFiles files, int keepLast) {
    this.files = files;
    this.keepLast = keepLast;
  }

  /** Deletes what may go and returns it. */
  List<CheckpointId> collect(Set<CheckpointId> inUse) {
    List<CheckpointId> kept = new ArrayList<>();
    List<CheckpointId> candidates = new ArrayList<>();
    for (CheckpointId id : files.committed()) {
      boolean stays = kept.size() < keepLast || files.pinned(id) || inUse.contains(id);
      (stays ? kept : candidates).add(id);
    }
    if (candidates.isEmpty() || kept.stream().anyMatch(id -> files.verify(id).isEmpty())) {
      candidates.forEach(files::delete);
      return candidates;
    }
    for (CheckpointId id : List.copyOf(candidates)) {
      if (files.verify(id).isEmpty()) {
        candidates.remove(id);
        candidates.forEach(files::delete);
        return candidates;
      }
    }
    // Nothing is good: nothing is deleted, somebody may still save parts of it.
    return List.of();
  }
}
