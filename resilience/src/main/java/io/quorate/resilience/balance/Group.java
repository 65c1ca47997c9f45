package io.quorate.resilience.balance;

import io.quorate.resilience.Tried;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The replicas among which one pick chooses: a zone, or all of them. Immutable. */
final class Group<T> {
  /** Avoid what the call has tried, and what is on probation and busy. */
  static final int FRESH = 0;
  /** Avoid only what the call has tried. */
  static final int UNTRIED = 1;
  /** Better one that has been tried than none. */
  static final int ANY = 2;

  /** A replica with the weight that counts now. */
  record Share<T>(Member<T> member, double weight, double ramp) {}

  /** Replicas with their full share. */
  final Member<T>[] members;
  /** Running sums of the weights; the last is {@link #weight}. */
  private final double[] bounds;
  final double weight;

  private final Member<T>[] newcomers;
  private final double[] newcomerBounds;
  private final Map<T, Share<T>> byTarget = new HashMap<>();

  final Decay decay;

  Group(List<Share<T>> shares, Decay decay) {
    this.decay = decay;
    List<Share<T>> full = shares.stream().filter(share -> share.ramp == 1).toList();
    List<Share<T>> ramping = shares.stream().filter(share -> share.ramp < 1).toList();
    if (full.isEmpty()) {
      // Nobody is there to spare the newcomers.
      full = shares;
      ramping = List.of();
    }
    members = membersOf(full);
    bounds = new double[members.length];
    double sum = 0;
    for (int i = 0; i < members.length; i++) {
      sum += full.get(i).weight;
      bounds[i] = sum;
    }
    weight = sum;
    newcomers = membersOf(ramping);
    newcomerBounds = boundsOf(ramping, sum);
    for (Share<T> share : shares) {
      share.member.scale = (float) (1 / share.weight);
      byTarget.put(share.member.target, share);
    }
  }

  private static <T> double[] boundsOf(List<Share<T>> ramping, double fullWeight) {
    double total = fullWeight;
    for (Share<T> share : ramping) {
      total += share.weight * share.ramp;
    }
    double[] bounds = new double[ramping.size()];
    double sum = 0;
    for (int i = 0; i < bounds.length; i++) {
      sum += ramping.get(i).weight * ramping.get(i).ramp / total;
      bounds[i] = sum;
    }
    return bounds;
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // a fresh array that only ever holds Member<T>
  private static <T> Member<T>[] membersOf(List<Share<T>> shares) {
    Member[] members = new Member[shares.size()];
    for (int i = 0; i < members.length; i++) {
      members[i] = shares.get(i).member;
    }
    return members;
  }

  boolean isEmpty() {
    return members.length == 0;
  }

  /** The share of the replica with this target; null if it is not available. */
  Share<T> shareOf(T target) {
    return byTarget.get(target);
  }

  /** The member at {@code fraction} of the total weight. */
  int indexAt(double fraction) {
    double at = fraction * weight;
    int low = 0;
    int high = members.length - 1;
    while (low < high) {
      int middle = low + high >>> 1;
      if (bounds[middle] > at) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /**
   * The newcomer whose turn it is, if it is one's: each is let into just the share of picks that
   * its slow start has reached, however idle it is. Null most of the time.
   */
  Member<T> newcomer(long random) {
    if (newcomers.length == 0) {
      return null;
    }
    double at = PickRandom.fraction(PickRandom.mix(random));
    for (int i = 0; i < newcomers.length; i++) {
      if (at < newcomerBounds[i]) {
        return newcomers[i];
      }
    }
    return null;
  }

  /** Any newcomer, for when there is nobody else. */
  Member<T> anyNewcomer(Tried<T> tried, int level) {
    for (Member<T> newcomer : newcomers) {
      if (admits(newcomer, tried, level)) {
        return newcomer;
      }
    }
    return null;
  }

  static <T> boolean admits(Member<T> member, Tried<T> tried, int level) {
    if (level == FRESH && member.onProbation && member.inFlight() > 0) {
      return false;
    }
    return level == ANY || tried.count() == 0 || !tried.contains(member.target);
  }
}
