package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How quickly each replica answers, so that the quick ones are asked first and the others only when
 * those take longer than usual. Belongs to one thread.
 */
final class Peers {
  private static final int WINDOW = 256;
  private static final double QUANTILE = 0.99;
  private static final long MIN_PATIENCE_NANOS = 2_000_000;
  private static final long MAX_PATIENCE_NANOS = 50_000_000;
  private static final double WEIGHT = 0.1;

  private final NodeId self;
  private final Map<NodeId, Double> meanNanos = new TreeMap<>();
  private final long[] recent = new long[WINDOW];
  private int count;
  private long patienceNanos = 20_000_000;

  Peers(NodeId self) {
    this.self = self;
  }

  void answered(NodeId peer, long nanos) {
    if (peer.equals(self)) {
      return;
    }
    meanNanos.merge(peer, (double) nanos, (old, now) -> old + WEIGHT * (now - old));
    recent[count++ % WINDOW] = nanos;
    if (count % WINDOW == 0) {
      long[] sorted = recent.clone();
      java.util.Arrays.sort(sorted);
      patienceNanos =
          Math.max(
              MIN_PATIENCE_NANOS,
              Math.min(MAX_PATIENCE_NANOS, 2 * sorted[(int) (QUANTILE * WINDOW)]));
    }
  }

  /** The replica has let somebody wait: others come first until it answers quickly again. */
  void wasSlow(NodeId peer, long nanos) {
    meanNanos.merge(peer, (double) nanos, Math::max);
  }

  /** How long to wait for an answer before one more replica is asked. */
  long patienceNanos() {
    return patienceNanos;
  }

  /** Of {@code replicas} at the positions {@code among} this node if it is one, or the quickest. */
  int quickest(List<NodeId> replicas, long among) {
    int best = -1;
    double bestNanos = 0;
    for (long left = among; left != 0; left &= left - 1) {
      int at = Long.numberOfTrailingZeros(left);
      NodeId node = replicas.get(at);
      double nanos = node.equals(self) ? -1 : meanNanos.getOrDefault(node, 0.0);
      if (best < 0 || nanos < bestNanos) {
        best = at;
        bestNanos = nanos;
      }
    }
    return best;
  }
}
