package io.quorate.resilience.balance;

import io.quorate.resilience.Tried;

/** Compares the cost of some random replicas, or of all if there are few, and takes the lowest. */
final class Scan<T> extends Policy<T> {
  private final int choices;
  private final boolean byLatency;

  Scan(int choices, boolean byLatency) {
    this.choices = choices;
    this.byLatency = byLatency;
  }

  @Override
  Member<T> choose(
      Group<T> group, Tried<T> tried, int level, long affinity, long random, int tick) {
    int count = group.members.length;
    if (count == 0) {
      return null;
    }
    int start = PickRandom.index(random, count);
    if (choices >= count) {
      return best(group, tried, level, start, 1, count, tick);
    }
    // A random step: any two replicas meet as often as any other two.
    int step = 1 + PickRandom.index(random << 32, count - 1);
    Member<T> best = best(group, tried, level, start, step, choices, tick);
    return best != null ? best : best(group, tried, level, start, 1, count, tick);
  }

  private Member<T> best(
      Group<T> group, Tried<T> tried, int level, int start, int step, int looks, int tick) {
    Member<T>[] members = group.members;
    Decay decay = group.decay;
    Member<T> best = null;
    float lowest = Float.POSITIVE_INFINITY;
    int at = start;
    for (int i = 0; i < looks; i++) {
      Member<T> member = members[at];
      float cost = byLatency ? member.latencyCost(tick, decay) : member.loadCost();
      // Cost first: most are not the best so far, and need no further look.
      if ((cost < lowest || best == null) && Group.admits(member, tried, level)) {
        best = member;
        lowest = cost;
      }
      at += step;
      if (at >= members.length) {
        at -= members.length;
      }
    }
    return best;
  }

  @Override
  float cost(Group<T> group, Member<T> member, int tick) {
    return byLatency ? member.latencyCost(tick, group.decay) : member.loadCost();
  }
}
