package io.quorate.partitioning;

import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * Evens out who comes first among the owners of each slot, by swapping owners within slots.
 *
 * <p>A member that is first too often hands a slot to a co-owner, who may hand one on, until a
 * member is reached that is first too seldom: the shortest such chain is found by breadth-first
 * search, and chains are followed until none is left.
 */
final class PrimaryBalance {
  private final char[] table;
  private final int replicas;
  private final int[] surplus;

  PrimaryBalance(char[] table, int replicas, int[] quotas) {
    this.table = table;
    this.replicas = replicas;
    this.surplus = new int[quotas.length];
    for (int i = 0; i < quotas.length; i++) {
      surplus[i] = -quotas[i];
    }
    for (int at = 0; at < table.length; at += replicas) {
      surplus[table[at]]++;
    }
  }

  void run() {
    handOverDirectly();
    while (followChains()) {
      handOverDirectly();
    }
  }

  private void handOverDirectly() {
    for (int at = 0; at < table.length; at += replicas) {
      for (int i = at + 1; surplus[table[at]] > 0 && i < at + replicas; i++) {
        if (surplus[table[i]] < 0) {
          promote(at, i);
        }
      }
    }
  }

  private void promote(int first, int other) {
    char demoted = table[first];
    table[first] = table[other];
    table[other] = demoted;
    surplus[demoted]--;
    surplus[table[first]]++;
  }

  /** Finds distances to members first too seldom, then walks down them once over all slots. */
  private boolean followChains() {
    int[] distance = distances();
    boolean moved = false;
    for (int member = 0; member < surplus.length; member++) {
      moved |= surplus[member] > 0 && distance[member] < Integer.MAX_VALUE;
    }
    if (!moved) {
      return false;
    }
    boolean stepped = false;
    for (int at = 0; at < table.length; at += replicas) {
      int best = at;
      for (int i = at + 1; surplus[table[at]] > 0 && i < at + replicas; i++) {
        if (distance[table[i]] < distance[table[best]] && surplus[table[i]] <= 0) {
          best = i;
        }
      }
      if (best != at) {
        promote(at, best);
        stepped = true;
      }
    }
    return stepped;
  }

  private int[] distances() {
    int[] distance = new int[surplus.length];
    Arrays.fill(distance, Integer.MAX_VALUE);
    ArrayDeque<Integer> layer = new ArrayDeque<>();
    for (int member = 0; member < surplus.length; member++) {
      if (surplus[member] < 0) {
        distance[member] = 0;
        layer.add(member);
      }
    }
    for (int steps = 1; !layer.isEmpty(); steps++) {
      layer.clear();
      for (int at = 0; at < table.length; at += replicas) {
        int first = table[at];
        for (int i = at + 1; distance[first] == Integer.MAX_VALUE && i < at + replicas; i++) {
          if (distance[table[i]] == steps - 1) {
            distance[first] = steps;
            layer.add(first);
          }
        }
      }
    }
    return distance;
  }
}
