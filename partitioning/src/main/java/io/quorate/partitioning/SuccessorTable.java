package io.quorate.partitioning;

import java.util.Arrays;

/**
 * The owners of every cell of a circle: the first is the cell's own, the others are the next
 * distinct nodes onwards, each zone's nearest before any zone's second.
 *
 * <p>Choosing greedily this way, taking a node off the circle exchanges at most one owner of any
 * cell. One backward walk keeps, per zone, the nodes by nearness (move to front), and the zones by
 * nearness of their first; so a cell costs O(replicas), however far away its owners are. The walk
 * goes round once without writing, to learn what lies behind the last cell.
 */
final class SuccessorTable {
  private final int[] zoneOf;
  private final int replicas;
  /** The nodes of each zone, nearest first. */
  private final RecencyLists nodes;
  /** The zones, nearest first, as list 0. */
  private final RecencyLists zones;
  private final int[] seenAt;

  SuccessorTable(Membership<?> membership, int replicas) {
    this.zoneOf = membership.zones;
    this.replicas = replicas;
    this.nodes = new RecencyLists(membership.zoneCount, membership.size());
    this.zones = new RecencyLists(1, membership.zoneCount);
    this.seenAt = new int[membership.size()];
  }

  char[] of(char[] owners) {
    char[] table = new char[owners.length * replicas];
    for (int step = 0; step < 2 * owners.length; step++) {
      int cell = owners.length - 1 - step % owners.length;
      int owner = owners[cell];
      nodes.moveToFront(zoneOf[owner], owner);
      zones.moveToFront(0, zoneOf[owner]);
      seenAt[owner] = step;
      if (step >= owners.length) {
        write(table, cell * replicas);
      }
    }
    return table;
  }

  private void write(char[] table, int start) {
    int at = start;
    for (int z = zones.first(0); z >= 0 && at < start + replicas; z = zones.next(z)) {
      table[at++] = (char) nodes.first(z);
    }
    for (int round = 1; at < start + replicas; round++) {
      int filled = at;
      for (int z = zones.first(0); z >= 0; z = zones.next(z)) {
        int node = nodes.first(z);
        for (int i = 0; i < round && node >= 0; i++) {
          node = nodes.next(node);
        }
        if (node >= 0) {
          at = insert(table, filled, at, start + replicas, node);
        }
      }
      if (at == filled) {
        Arrays.fill(table, at, start + replicas, CellPlacement.NONE);
        return;
      }
    }
  }

  /** Inserts a node among those of one round, nearest first; drops the farthest when full. */
  private int insert(char[] table, int from, int to, int end, int node) {
    int at = to;
    while (at > from && seenAt[table[at - 1]] < seenAt[node]) {
      at--;
    }
    if (at < end) {
      int kept = Math.min(to, end - 1);
      System.arraycopy(table, at, table, at + 1, kept - at);
      table[at] = (char) node;
    }
    return Math.min(to + 1, end);
  }

  /** Doubly linked lists over the numbers below a bound, each number in at most one list. */
  private static final class RecencyLists {
    private final int[] first;
    private final int[] next;
    private final int[] previous;
    private final boolean[] listed;

    RecencyLists(int lists, int items) {
      first = new int[lists];
      next = new int[items];
      previous = new int[items];
      listed = new boolean[items];
      Arrays.fill(first, -1);
    }

    int first(int list) {
      return first[list];
    }

    int next(int item) {
      return next[item];
    }

    void moveToFront(int list, int item) {
      if (first[list] == item) {
        return;
      }
      if (listed[item]) {
        next[previous[item]] = next[item];
        if (next[item] >= 0) {
          previous[next[item]] = previous[item];
        }
      }
      listed[item] = true;
      next[item] = first[list];
      if (first[list] >= 0) {
        previous[first[list]] = item;
      }
      first[list] = item;
    }
  }
}
