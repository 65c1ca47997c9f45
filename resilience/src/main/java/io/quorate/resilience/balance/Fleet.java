package io.quorate.resilience.balance;

import io.quorate.resilience.Tried;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The replicas that may be picked, by zone, with the share of the picks that each zone gets.
 * Immutable: made anew whenever something about the membership or its health changes.
 */
final class Fleet<T> {
  /** A member, the weight of its replica within the subset in use, and how far its start is. */
  record Entry<T>(Member<T> member, double weight, double ramp) {
    boolean available() {
      return member.healthy && !member.ejected;
    }
  }

  final boolean panicking;
  final int members;
  final int available;
  /** Share of the weight that is available, 0 to 1; newcomers count in full. */
  final double availability;
  final boolean ramping;

  private final Group<T> all;
  private final List<Group<T>> zones;
  private final double[] bounds;

  /**
   * @param entries the members of the subset that are not removed; weights may be 0
   * @param localZone empty if zones do not matter
   */
  Fleet(List<Entry<T>> entries, String localZone, BalancerOptions options, Decay decay) {
    List<Entry<T>> callable =
        entries.stream().filter(entry -> entry.weight > 0 && !entry.member.draining).toList();
    members = callable.size();
    available = (int) callable.stream().filter(Entry::available).count();
    double total = callable.stream().mapToDouble(Entry::weight).sum();
    availability =
        total == 0
            ? 0
            : callable.stream().filter(Entry::available).mapToDouble(Entry::weight).sum() / total;
    panicking = members > 0 && available < options.panicShare() * members;
    List<Entry<T>> used =
        panicking ? callable : callable.stream().filter(Entry::available).toList();
    ramping = entries.stream().anyMatch(entry -> entry.member.ramping);
    all = group(used, decay);
    Map<String, List<Entry<T>>> byZone = new LinkedHashMap<>();
    for (Entry<T> entry : used) {
      byZone.computeIfAbsent(entry.member.replica.zone(), zone -> new ArrayList<>()).add(entry);
    }
    if (localZone.isEmpty() || !byZone.containsKey(localZone) || byZone.size() == 1) {
      zones = List.of(all);
      bounds = new double[] {1};
    } else {
      List<Entry<T>> local = byZone.remove(localZone);
      zones = new ArrayList<>();
      zones.add(group(local, decay));
      byZone.values().forEach(others -> zones.add(group(others, decay)));
      bounds = bounds(weightOf(local) / weightInZone(entries, localZone), options);
    }
  }

  /** The local zone first, with all that it can carry; the rest by weight to the others. */
  private double[] bounds(double localHealth, BalancerOptions options) {
    double local = Math.min(1, localHealth * options.zoneOverprovision());
    double others = zones.stream().skip(1).mapToDouble(zone -> zone.weight).sum();
    double[] sums = new double[zones.size()];
    sums[0] = local;
    for (int i = 1; i < sums.length; i++) {
      sums[i] = sums[i - 1] + (1 - local) * zones.get(i).weight / others;
    }
    return sums;
  }

  private static <T> double weightOf(List<Entry<T>> entries) {
    return entries.stream().mapToDouble(entry -> entry.weight * entry.ramp).sum();
  }

  /** What the zone could carry if all of it were well: with the drained and the unavailable. */
  private static <T> double weightInZone(List<Entry<T>> entries, String zone) {
    return entries.stream()
        .filter(entry -> entry.member.replica.zone().equals(zone))
        .mapToDouble(Entry::weight)
        .sum();
  }

  private static <T> Group<T> group(List<Entry<T>> entries, Decay decay) {
    return new Group<>(
        entries.stream()
            .map(entry -> new Group.Share<>(entry.member, entry.weight, entry.ramp))
            .toList(),
        decay);
  }

  /**
   * The replica for one attempt; null if there is none.
   *
   * @param last the level of {@link Group} at which to give up
   */
  Member<T> pick(
      Policy<T> policy, Tried<T> tried, int last, long affinity, long random, int tick) {
    for (int level = Group.FRESH; level <= last; level++) {
      Member<T> member =
          policy.spansZones() || zones.size() == 1
              ? policy.pick(all, tried, level, affinity, random, tick)
              : pickByZone(policy, tried, level, affinity, random, tick);
      if (member != null) {
        return member;
      }
    }
    return null;
  }

  private Member<T> pickByZone(
      Policy<T> policy, Tried<T> tried, int level, long affinity, long random, int tick) {
    // A number of its own, or the zone would decide where the policy starts to look.
    double at = PickRandom.fraction(PickRandom.mix(~random));
    int first = 0;
    while (first < bounds.length - 1 && at >= bounds[first]) {
      first++;
    }
    for (int i = 0; i < bounds.length; i++) {
      Group<T> zone = zones.get((first + i) % bounds.length);
      Member<T> member = policy.pick(zone, tried, level, affinity, random, tick);
      if (member != null) {
        return member;
      }
    }
    return null;
  }
}
