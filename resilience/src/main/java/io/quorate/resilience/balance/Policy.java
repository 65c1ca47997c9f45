package io.quorate.resilience.balance;

import io.quorate.resilience.Tried;
import java.util.List;
import java.util.function.LongFunction;

/**
 * How a {@link LoadBalancer} chooses among the replicas that are available. All policies respect
 * weights except {@link #roundRobin}, avoid what a call has tried, and let newcomers start slowly.
 *
 * <p>A policy object belongs to one balancer: some count their picks.
 *
 * @param <T> a target
 */
public abstract class Policy<T> {
  /** Up to this many replicas are looked at for each pick. */
  private static final int LOOKED_AT = 16;

  Policy() {}

  /** Each in turn, equally often. Blind to load and latency: one slow replica slows all callers. */
  public static <T> Policy<T> roundRobin() {
    return new Rotation<>(false);
  }

  /** Each in turn, as often as its weight says. */
  public static <T> Policy<T> weighted() {
    return new Rotation<>(true);
  }

  /** The one with the fewest calls in flight for its weight. Cost grows with the replicas. */
  public static <T> Policy<T> leastInFlight() {
    return new Scan<>(Integer.MAX_VALUE, false);
  }

  /**
   * The one of two random replicas with fewer calls in flight for its weight.
   *
   * @see <a href="https://doi.org/10.1109/71.963420">Mitzenmacher, The power of two choices</a>
   */
  public static <T> Policy<T> powerOfTwo() {
    return new Scan<>(2, false);
  }

  /** {@link #peakEwma(int)} with 16 choices: up to 16 replicas, the best of all. The default. */
  public static <T> Policy<T> peakEwma() {
    return new Scan<>(LOOKED_AT, true);
  }

  /**
   * The replica that is likely to answer first: expected latency times calls in flight, for its
   * weight. A latency that rises counts sooner than one that falls; a failure counts as a
   * latency of {@link BalancerOptions#latencyDecay}, so that a replica that fails fast attracts
   * nothing; and one that is silent while it owes answers costs more the longer it is.
   *
   * @param choices random replicas to compare; at least 2. All of them, if there are no more
   */
  public static <T> Policy<T> peakEwma(int choices) {
    Check.atLeast("choices", 2, choices);
    return new Scan<>(choices, true);
  }

  /**
   * The first replica of the key's preference list that is available. If none is, or the one found
   * has more than {@code maxLoad} times the mean in flight, the next one of the list; past its end,
   * {@link #peakEwma}. The list spans zones.
   *
   * <p>A newcomer takes its keys over one by one during its slow start, always the same ones first.
   *
   * @param preference from key hash to targets, the owner first; must be fast and must not fail
   * @param maxLoad bound of the load relative to the mean, above 1; infinity for none
   */
  public static <T> Policy<T> affinity(
      LongFunction<? extends List<? extends T>> preference, double maxLoad) {
    return new Affinity<>(preference, maxLoad, new Scan<>(LOOKED_AT, true));
  }

  /** Whether one choice is made among all zones. */
  boolean spansZones() {
    return false;
  }

  /** Chooses a replica with its full share; null if {@code level} admits none. */
  abstract Member<T> choose(
      Group<T> group, Tried<T> tried, int level, long affinity, long random, int tick);

  /** What one more call costs at {@code member} for its weight; 0 if this does not compare. */
  float cost(Group<T> group, Member<T> member, int tick) {
    return 0;
  }

  /** Chooses a replica, newcomers included; null if {@code level} admits none. */
  Member<T> pick(Group<T> group, Tried<T> tried, int level, long affinity, long random, int tick) {
    Member<T> best = choose(group, tried, level, affinity, random, tick);
    if (best == null) {
      return group.anyNewcomer(tried, level);
    }
    Member<T> newcomer = group.newcomer(random);
    return newcomer != null
            && Group.admits(newcomer, tried, level)
            && cost(group, newcomer, tick) <= cost(group, best, tick)
        ? newcomer
        : best;
  }
}
