package io.quorate.resilience.balance;

import io.quorate.resilience.Tried;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes replicas in turn. By weight, the turns are the multiples of the golden ratio: they spread
 * over the weights more evenly than chance, from any point on, without state beyond a counter.
 */
final class Rotation<T> extends Policy<T> {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final boolean weighted;
  private final AtomicLong turns = new AtomicLong();

  Rotation(boolean weighted) {
    this.weighted = weighted;
  }

  @Override
  Member<T> choose(
      Group<T> group, Tried<T> tried, int level, long affinity, long random, int tick) {
    int count = group.members.length;
    if (count == 0) {
      return null;
    }
    long turn = turns.getAndIncrement();
    int at =
        weighted
            ? group.indexAt((turn * GOLDEN >>> 11) * 0x1p-53)
            : (int) Long.remainderUnsigned(turn, count);
    for (int i = 0; i < count; i++) {
      Member<T> member = group.members[at];
      if (Group.admits(member, tried, level)) {
        return member;
      }
      at = at + 1 == count ? 0 : at + 1;
    }
    return null;
  }
}
