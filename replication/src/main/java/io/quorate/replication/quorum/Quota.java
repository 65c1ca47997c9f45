package io.quorate.replication.quorum;

import java.util.List;

/**
 * So many of these replicas.
 *
 * @param members bits of positions in {@link Plan#replicas}
 * @param needed how many of them
 */
record Quota(long members, int needed) {
  boolean isMetBy(long nodes) {
    int count = Long.bitCount(members & nodes);
    return count >= needed;
  }

  static boolean allMet(List<Quota> quotas, long nodes) {
    return lacking(quotas, nodes) == 0;
  }

  /** The members of all quotas that {@code nodes} do not meet. */
  static long lacking(List<Quota> quotas, long nodes) {
    long lacking = 0;
    for (Quota quota : quotas) {
      if (!quota.isMetBy(nodes)) {
        lacking |= quota.members;
      }
    }
    return lacking;
  }

  /** More than half of {@code count}. */
  static int majority(int count) {
    return count / 2 + 1;
  }
}
