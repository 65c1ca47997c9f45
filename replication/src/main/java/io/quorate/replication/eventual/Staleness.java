package io.quorate.replication.eventual;

import io.quorate.core.NodeId;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How old what this node answers may be.
 *
 * @param boundNanos for each other member, how long ago the last comparison with it began that has
 *     succeeded: what was written there before is here. {@code Long.MAX_VALUE} if there was none yet
 * @param refusedByDrift versions not taken because they were too far ahead of this node's clock
 */
public record Staleness(SortedMap<NodeId, Long> boundNanos, long refusedByDrift) {
  public Staleness {
    boundNanos = Collections.unmodifiableSortedMap(new TreeMap<>(boundNanos));
  }

  /** The largest of the bounds; 0 for a member without others. */
  public long worstNanos() {
    return boundNanos.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }
}
