package io.quorate.partitioning;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How many copies, and how many first copies, each member is to hold, and what spreading over zones
 * demands.
 *
 * <p>With R owners per slot and zones of given sizes, owners are spread as evenly as possible if
 * every zone holds {@code level - 1} of them (or all its nodes, if it has fewer), and {@code
 * extras} zones one more. With as many zones as owners, {@code level} is 1 and every owner is an
 * extra.
 */
final class SlotQuotas {
  final int level;
  final int extras;
  /** Nodes with weight in each zone. */
  final int[] zoneSizes;
  /** Copies that each member is to hold. */
  final int[] copies;
  /** First copies that each member is to hold. */
  final int[] primaries;

  SlotQuotas(Membership<?> membership, int slots, int replicas, int[] held, int[] heldFirst) {
    int members = membership.size();
    int zones = membership.zoneCount;
    zoneSizes = new int[zones];
    double[] zoneWeights = new double[zones];
    for (int i = 0; i < members; i++) {
      int zone = membership.zones[i];
      zoneSizes[zone] += membership.weights[i] > 0 ? 1 : 0;
      zoneWeights[zone] += membership.weights[i];
    }
    int reached = 0;
    int candidate = 0;
    while (atLevel(candidate) < replicas) {
      reached = atLevel(candidate++);
    }
    level = candidate;
    extras = replicas - reached;
    double[] least = new double[zones];
    double[] most = new double[zones];
    for (int zone = 0; zone < zones; zone++) {
      least[zone] = (double) slots * Math.min(zoneSizes[zone], level - 1);
      most[zone] = (double) slots * Math.min(zoneSizes[zone], level);
    }
    double[] byZone =
        Quotas.shares((double) slots * replicas, zoneWeights, least, most);
    double[] shares = shares(membership, slots, byZone);
    copies = new int[members];
    int free = slots * replicas;
    boolean[] bound = new boolean[zones];
    for (int zone = 0; zone < zones; zone++) {
      // A zone at a bound must have exactly that; the others are rounded together, node by node.
      bound[zone] = byZone[zone] <= least[zone] || byZone[zone] >= most[zone];
      if (bound[zone]) {
        int only = zone;
        free -= round(shares, (int) byZone[zone], held,
            IntStream.range(0, members).filter(i -> membership.zones[i] == only).toArray());
      }
    }
    round(shares, free, held,
        IntStream.range(0, members).filter(i -> !bound[membership.zones[i]]).toArray());
    primaries = primaries(membership, slots, heldFirst);
  }

  private int atLevel(int candidate) {
    int sum = 0;
    for (int size : zoneSizes) {
      sum += Math.min(size, candidate);
    }
    return sum;
  }

  /** Each zone's share, cut among its nodes by weight, none above one copy per slot. */
  private double[] shares(Membership<?> membership, int slots, double[] byZone) {
    int members = membership.size();
    double[] shares = new double[members];
    int[][] inZone = new int[byZone.length][];
    int[] filled = new int[byZone.length];
    for (int zone = 0; zone < byZone.length; zone++) {
      inZone[zone] = new int[zoneSizes[zone]];
    }
    for (int i = 0; i < members; i++) {
      if (membership.weights[i] > 0) {
        int zone = membership.zones[i];
        inZone[zone][filled[zone]++] = i;
      }
    }
    for (int zone = 0; zone < byZone.length; zone++) {
      int[] nodes = inZone[zone];
      double[] weights = new double[nodes.length];
      double[] most = new double[nodes.length];
      for (int i = 0; i < nodes.length; i++) {
        weights[i] = membership.weights[nodes[i]];
      }
      Arrays.fill(most, slots);
      double[] parts =
          Quotas.shares(byZone[zone], weights, new double[nodes.length], most);
      for (int i = 0; i < nodes.length; i++) {
        shares[nodes[i]] = parts[i];
      }
    }
    return shares;
  }

  /** Rounds the shares of some members to whole copies with the given sum; returns the sum. */
  private int round(double[] shares, int total, int[] held, int[] members) {
    double[] own = new double[members.length];
    int[] ownHeld = new int[members.length];
    for (int i = 0; i < members.length; i++) {
      own[i] = shares[members[i]];
      ownHeld[i] = held[members[i]];
    }
    int[] rounded = Quotas.round(own, total, ownHeld);
    for (int i = 0; i < members.length; i++) {
      copies[members[i]] = rounded[i];
    }
    return total;
  }

  private int[] primaries(Membership<?> membership, int slots, int[] heldFirst) {
    double[] most = new double[copies.length];
    for (int i = 0; i < most.length; i++) {
      most[i] = copies[i];
    }
    double[] shares =
        Quotas.shares(slots, membership.weights, new double[copies.length], most);
    return Quotas.round(shares, slots, heldFirst);
  }
}
