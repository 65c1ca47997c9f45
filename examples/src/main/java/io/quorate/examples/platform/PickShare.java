package io.quorate.examples.platform;

import io.quorate.core.NodeId;
import io.quorate.resilience.balance.LoadBalancer.ReplicaStats;
import java.util.List;

/** Which share of its region's calls a replica gets. */
final class PickShare {
  /** Calls of the region that are enough to judge by. */
  private static final int ENOUGH = 12;

  private final ServingNode replica;
  private final Platform platform;
  private long allBefore;
  private long itsBefore;
  private double share = 1;

  PickShare(ServingNode replica, Platform platform) {
    this.replica = replica;
    this.platform = platform;
  }

  /** Counts from now on. */
  void begin() {
    List<ReplicaStats<NodeId>> stats = stats();
    allBefore = all(stats);
    itsBefore = its(stats);
    share = 1;
  }

  /** Its share of the last calls enough to judge by, 0 to 1; 1 until there are so many. */
  double latest() {
    List<ReplicaStats<NodeId>> stats = stats();
    long all = all(stats) - allBefore;
    if (all >= ENOUGH) {
      double measured = (double) (its(stats) - itsBefore) / all;
      begin();
      share = measured;
    }
    return share;
  }

  private List<ReplicaStats<NodeId>> stats() {
    return platform.front().balancers().get(replica.region()).stats().replicas();
  }

  private static long all(List<ReplicaStats<NodeId>> stats) {
    return stats.stream().mapToLong(ReplicaStats::picks).sum();
  }

  private long its(List<ReplicaStats<NodeId>> stats) {
    return stats.stream()
        .filter(x -> x.replica().target().equals(replica.id()))
        .mapToLong(ReplicaStats::picks)
        .sum();
  }
}
