package io.quorate.partitioning;

/** The difference between the owners of a cell before and after: who sends to whom. */
final class OwnerChange<N> {
  final int[] old;
  final int[] now;
  /** How many owners arrive. */
  int count;
  /** The sender of each, as an index among the members before. */
  final int[] from;
  /** The receiver of each, as an index among the members after. */
  final int[] to;
  /** Whether the sender stops being an owner. */
  final boolean[] handOver;

  private final Membership<N> before;
  private final Membership<N> after;
  private final int[] afterOf;

  OwnerChange(MemberPlacement<N> before, MemberPlacement<N> after) {
    this.before = before.membership;
    this.after = after.membership;
    this.old = new int[before.replicas];
    this.now = new int[after.replicas];
    this.from = new int[after.replicas];
    this.to = new int[after.replicas];
    this.handOver = new boolean[after.replicas];
    this.afterOf = this.before.indexesIn(this.after);
  }

  /** Pairs those who leave {@code old} with those who arrive in {@code now}, both in order. */
  void read(int oldCount, int nowCount) {
    count = 0;
    int leaving = 0;
    for (int i = 0; i < nowCount; i++) {
      if (!owned(now[i], oldCount)) {
        while (leaving < oldCount && stays(old[leaving], nowCount)) {
          leaving++;
        }
        handOver[count] = leaving < oldCount;
        from[count] = leaving < oldCount ? old[leaving++] : old[0];
        to[count++] = now[i];
      }
    }
  }

  private boolean owned(int index, int oldCount) {
    for (int i = 0; i < oldCount; i++) {
      if (afterOf[old[i]] == index) {
        return true;
      }
    }
    return false;
  }

  private boolean stays(int index, int nowCount) {
    for (int i = 0; i < nowCount; i++) {
      if (afterOf[index] == now[i]) {
        return true;
      }
    }
    return false;
  }

  Move<N> move(int i, HashRange range) {
    return move(from[i], to[i], handOver[i], range);
  }

  Move<N> move(int sender, int receiver, boolean leaves, HashRange range) {
    return new Move<>(range, before.nodes[sender], after.nodes[receiver], leaves);
  }
}
