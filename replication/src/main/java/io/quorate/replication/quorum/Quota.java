package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import java.util.Collection;
import java.util.List;

/** So many of these nodes. */
record Quota(List<NodeId> members, int needed) {
  boolean isMetBy(Collection<NodeId> nodes) {
    int count = 0;
    for (NodeId member : members) {
      if (nodes.contains(member)) {
        count++;
      }
    }
    return count >= needed;
  }

  static boolean allMet(List<Quota> quotas, Collection<NodeId> nodes) {
    for (Quota quota : quotas) {
      if (!quota.isMetBy(nodes)) {
        return false;
      }
    }
    return true;
  }

  /** More than half of {@code count}. */
  static int majority(int count) {
    return count / 2 + 1;
  }
}
