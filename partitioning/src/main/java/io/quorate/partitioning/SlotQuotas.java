package io.quorate.partitioning;

import java.util.Arrays;

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
    int[] heldByZone = new int[zones];
    for (int i = 0; i < members; i++) {
      int zone = membership.zones[i];
      zoneSizes[zone] += membership.weights[i] > 0 ? 1 : 0;
      zoneWeights[zone] += membership.weights[i];
      heldByZone[zone] += held[i];
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
    int[] byZone = Quotas.round(
        Quotas.shares((double) slots * replicas, zoneWeights, least, most),
        slots * replicas, heldByZone);
    copies = withinZones(membership, slots, byZone, held);
    primaries = primaries(membership, slots, heldFirst);
  }

  private int atLevel(int candidate) {
    int sum = 0;
    for (int size : zoneSizes) {
      sum += Math.min(size, candidate);
    }
    return sum;
  }

  private int[] withinZones(Membership<?> membership, int slots, int[] byZone, int[] held) {
    int members = membership.size();
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
    int[] result = new int[members];
    for (int zone = 0; zone < byZone.length; zone++) {
      int[] nodes = inZone[zone];
      double[] weights = new double[nodes.length];
      double[] most = new double[nodes.length];
      int[] heldHere = new int[nodes.length];
      for (int i = 0; i < nodes.length; i++) {
        weights[i] = membership.weights[nodes[i]];
        heldHere[i] = held[nodes[i]];
      }
      Arrays.fill(most, slots);
      int[] quotas = Quotas.round(
          Quotas.shares(byZone[zone], weights, new double[nodes.length], most),
          byZone[zone], heldHere);
      for (int i = 0; i < nodes.length; i++) {
        result[nodes[i]] = quotas[i];
      }
    }
    return result;
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
