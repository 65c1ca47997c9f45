package io.quorate.resilience.balance;

import java.util.Arrays;
import java.util.List;

/**
 * The part of the replicas that one of many clients calls, so that connections do not grow with
 * clients times replicas. Clients and replicas lie evenly on the same ring; each client calls what
 * lies in its arc, the replicas at the ends in part. All arcs together cover the ring equally
 * often: every replica gets the same load, whatever the numbers.
 *
 * <p>All clients must be given the replicas in the same order.
 *
 * @param clientIndex which of the clients this is, in {@code [0, clientCount)}
 * @param clientCount how many clients there are
 * @param minReplicas replicas' worth of load to spread over, at least; 1 or more
 * @see <a href="https://twitter.github.io/finagle/guide/ApertureLoadBalancers.html">Finagle,
 *     deterministic aperture</a>
 */
public record Subset(int clientIndex, int clientCount, int minReplicas) {
  /** Calls all replicas. */
  public static final Subset ALL = new Subset(0, 1, Integer.MAX_VALUE);

  /** Overlaps that exist by rounding alone. */
  private static final double NOTHING = 1e-9;

  public Subset {
    Check.atLeast("clientCount", 1, clientCount);
    if (clientIndex < 0 || clientIndex >= clientCount) {
      throw new IllegalArgumentException(
          "clientIndex must be in [0, " + clientCount + "), was " + clientIndex);
    }
    Check.atLeast("minReplicas", 1, minReplicas);
  }

  /** For each replica, how much of it this client calls, 0 to 1. */
  double[] shares(List<? extends Replica<?>> replicas) {
    double[] shares = new double[replicas.size()];
    long callable = replicas.stream().filter(replica -> replica.weight() > 0).count();
    if (callable <= minReplicas) {
      Arrays.fill(shares, 1);
      return shares;
    }
    double total = replicas.stream().mapToDouble(Replica::weight).sum();
    // Whole steps of one client's width, so that the arcs of all clients cover the ring evenly.
    long steps = (long) Math.ceil((double) minReplicas / callable * clientCount - NOTHING);
    double from = (double) clientIndex / clientCount;
    double to = (double) (clientIndex + steps) / clientCount;
    double begin = 0;
    for (int i = 0; i < shares.length; i++) {
      double width = replicas.get(i).weight() / total;
      double end = begin + width;
      double overlap = overlap(from, to, begin, end) + overlap(from, to, begin + 1, end + 1);
      shares[i] = overlap <= width * NOTHING ? 0 : Math.min(1, overlap / width);
      begin = end;
    }
    return shares;
  }

  private static double overlap(double from, double to, double begin, double end) {
    return Math.max(0, Math.min(to, end) - Math.max(from, begin));
  }
}
