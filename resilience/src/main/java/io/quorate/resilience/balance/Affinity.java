package io.quorate.resilience.balance;

import io.quorate.resilience.Tried;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;

/** Keeps the calls about one key at one replica, as long as that is reasonable. */
final class Affinity<T> extends Policy<T> {
  private final LongFunction<? extends List<? extends T>> preference;
  private final double maxLoad;
  private final Policy<T> fallback;

  Affinity(
      LongFunction<? extends List<? extends T>> preference, double maxLoad, Policy<T> fallback) {
    this.preference = Objects.requireNonNull(preference, "preference");
    if (!(maxLoad > 1)) {
      throw new IllegalArgumentException("maxLoad must be above 1, was " + maxLoad);
    }
    this.maxLoad = maxLoad;
    this.fallback = fallback;
  }

  @Override
  boolean spansZones() {
    return true;
  }

  @Override
  Member<T> pick(Group<T> group, Tried<T> tried, int level, long affinity, long random, int tick) {
    Member<T> owner = choose(group, tried, level, affinity, random, tick);
    return owner != null ? owner : fallback.pick(group, tried, level, affinity, random, tick);
  }

  @Override
  Member<T> choose(
      Group<T> group, Tried<T> tried, int level, long affinity, long random, int tick) {
    List<? extends T> targets = preference.apply(affinity);
    double bound = maxLoad == Double.POSITIVE_INFINITY ? maxLoad : loadBound(group);
    // Keys join a newcomer in the order of this number, which is the key's own.
    double turn = PickRandom.fraction(PickRandom.mix(affinity));
    for (int i = 0; i < targets.size(); i++) {
      Group.Share<T> share = group.shareOf(targets.get(i));
      if (share != null
          && turn < share.ramp()
          && share.member().inFlight() < bound
          && Group.admits(share.member(), tried, level)) {
        return share.member();
      }
    }
    return null;
  }

  /** Calls that a replica may have in flight, one more included. */
  private double loadBound(Group<T> group) {
    int inFlight = 1;
    for (Member<T> member : group.members) {
      inFlight += member.inFlight();
    }
    return Math.ceil(maxLoad * inFlight / Math.max(1, group.members.length));
  }
}
