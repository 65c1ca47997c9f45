package io.quorate.resilience.balance;

import io.quorate.resilience.Outcome;
import io.quorate.resilience.Picker;
import io.quorate.resilience.Timer;
import io.quorate.resilience.Tried;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Sends calls to the nearest region that can take them, each region having a {@link LoadBalancer}
 * of its own. Safe for use by many threads; picks take no lock and allocate nothing.
 *
 * <p><em>Leaving is fast.</em> A region takes nothing once more than the allowed share of its last
 * 64 calls has failed, too little of its capacity is available, or its probe fails. What a region
 * with part of its capacity cannot carry goes to the next one.
 *
 * <p><em>Returning is slow.</em> It must have been well for a while, longer after each relapse;
 * then its share grows from 1 %, and three failures end the attempt. The order of the regions
 * changes only after one has been nearer than the one before it by a margin, for a while.
 *
 * <p><em>Further attempts of one call</em> go to other replicas of the region first, and to another
 * region once all of them have been tried: a call need not wait until the region is left.
 *
 * <p>Near is what {@link #observe} is told, be it by the probe or the caller: round trips that can
 * be compared between regions, which the latencies of calls can not. Until all regions have been
 * observed, the order is the one they were given in.
 *
 * @param <T> a target
 */
public final class RegionRouter<T> implements Picker<T>, AutoCloseable {
  private static final int MAX_REGIONS = 1 << 64 - Leases.TOKEN_BITS;
  private static final long TOKEN_MASK = (1L << Leases.TOKEN_BITS) - 1;
  private static final long SWEEP_NANOS = 100_000_000;
  private static final long STEP_BACK_NANOS = 1_000_000_000;
  private static final int FAILURES_WHILE_RETURNING = 3;
  private static final VarHandle SWEEP_AT;

  static {
    try {
      SWEEP_AT =
          MethodHandles.lookup().findVarHandle(RegionRouter.class, "sweepAtNanos", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * When to leave a region and when to return.
   *
   * @param minAvailability share of its capacity under which a region is left; 0 to 1. At least the
   *     balancers' panic share: who panics should not be called while another region is well
   * @param minSuccessRate success rate of the last 64 calls under which a region is left; 0 to 1
   * @param overprovision how many times its normal load a region can carry; at least 1
   * @param hold how long a region must have been well before it is called again; doubles with each
   *     relapse
   * @param longestHold bound of the doubling; a region that was well for as long starts over
   * @param ramp how long the share of a returning region grows
   * @param margin a region is nearer only if its latency is below this share of the other's; 0 to 1
   */
  public record Options(
      double minAvailability,
      double minSuccessRate,
      double overprovision,
      Duration hold,
      Duration longestHold,
      Duration ramp,
      double margin) {
    public Options {
      Check.share("minAvailability", minAvailability);
      Check.share("minSuccessRate", minSuccessRate);
      if (!(overprovision >= 1 && overprovision <= 1000)) {
        throw new IllegalArgumentException("overprovision must be 1 to 1000, was " + overprovision);
      }
      Check.positive("hold", hold);
      Check.positive("longestHold", longestHold);
      if (longestHold.compareTo(hold) < 0) {
        throw new IllegalArgumentException(
            "longestHold must be at least hold " + hold + ", was " + longestHold);
      }
      Check.positive("ramp", ramp);
      Check.share("margin", margin);
    }

    /** Leaves below 50 %; returns after 10 s to 5 min, over 10 s; 20 % nearer is nearer. */
    public static Options defaults() {
      return new Options(
          0.5,
          0.5,
          1.4,
          Duration.ofSeconds(10),
          Duration.ofMinutes(5),
          Duration.ofSeconds(10),
          0.8);
    }
  }

  /** Told, one at a time and under no lock, when regions leave and return; must not block. */
  public interface Listener {
    /** The region takes no calls from now on. */
    default void onLeft(String region) {}

    /** The region takes a growing share of its calls. */
    default void onReturning(String region) {}

    /** The region takes all of its calls again. */
    default void onReturned(String region) {}

    /** The regions are preferred in this order from now on. */
    default void onOrder(List<String> regions) {}
  }

  /**
   * One region at one moment.
   *
   * @param share of the calls that it gets, 0 to 1
   * @param latencyNanos as observed; 0 if it has not been
   */
  public record RegionStats(String region, double share, double availability, long latencyNanos) {}

  /** Which regions get which share: indexes in order of preference, and running sums. Immutable. */
  private record Plan(int[] regions, double[] bounds) {}

  private final Options options;
  private final LongSupplier clock;
  private final Decay decay;
  private final PickRandom random;
  private final Notices<Listener> notices;
  private final List<Region<T>> regions = new ArrayList<>();
  private final HealthChecker<String> checker;
  private final int failuresAllowed;

  private final ReentrantLock lock = new ReentrantLock();
  /** In order of preference. Guarded by the lock. */
  private final List<Region<T>> order;
  private boolean ordered;
  private volatile Plan plan;
  private volatile long sweepAtNanos;

  /** A router without a probe: latencies are told to {@link #observe} by the caller. */
  public RegionRouter(
      Map<String, LoadBalancer<T>> balancers,
      Options options,
      LongSupplier clock,
      long seed,
      Listener listener) {
    this(balancers, options, clock, seed, listener, null, null, null);
  }

  /**
   * A router that probes the regions, for their latency and their health.
   *
   * @param balancers by name of region, in the order of preference to begin with; 1 to 64
   * @param clock monotonic nanoseconds, the same that the balancers use
   * @param probe asks a region by name
   */
  public RegionRouter(
      Map<String, LoadBalancer<T>> balancers,
      Options options,
      LongSupplier clock,
      long seed,
      Listener listener,
      HealthChecker.Probe<String> probe,
      HealthChecker.Options probeOptions,
      Timer timer) {
    this.options = Objects.requireNonNull(options, "options");
    this.clock = Objects.requireNonNull(clock, "clock");
    if (balancers.isEmpty() || balancers.size() > MAX_REGIONS) {
      throw new IllegalArgumentException(
          "balancers must be 1 to " + MAX_REGIONS + " regions, were " + balancers.size());
    }
    decay = new Decay(options.hold().toNanos());
    random = new PickRandom(seed);
    notices = new Notices<>(Objects.requireNonNull(listener, "listener"));
    failuresAllowed = (int) (OutcomeRegister.LENGTH * (1 - options.minSuccessRate()));
    long nowNanos = clock.getAsLong();
    balancers.forEach(
        (name, balancer) ->
            regions.add(new Region<>(name, regions.size(), balancer, decay, nowNanos)));
    order = new ArrayList<>(regions);
    sweepAtNanos = nowNanos + SWEEP_NANOS;
    plan = plan(nowNanos);
    checker = probe == null ? null : checker(probe, probeOptions, timer, seed);
  }

  private HealthChecker<String> checker(
      HealthChecker.Probe<String> probe,
      HealthChecker.Options probeOptions,
      Timer timer,
      long seed) {
    HealthChecker<String> created =
        new HealthChecker<>(
            probe,
            probeOptions,
            clock,
            timer,
            PickRandom.mix(seed),
            new HealthChecker.Listener<>() {
              @Override
              public void onHealth(String region, boolean healthy) {
                probed(region, healthy);
              }

              @Override
              public void onProbe(String region, boolean passed, long tookNanos) {
                if (passed) {
                  observe(region, tookNanos);
                }
              }
            });
    regions.forEach(region -> created.watch(region.name));
    return created;
  }

  @Override
  public long pick(long affinity, Tried<T> tried, long nowNanos) {
    passTime(nowNanos);
    Plan current = plan;
    int first = 0;
    if (current.bounds[0] < 1) {
      double at = PickRandom.fraction(random.next());
      while (first < current.bounds.length - 1 && at >= current.bounds[first]) {
        first++;
      }
    }
    // A replica elsewhere that has not been tried is better than one here that has.
    for (int i = 0; tried.count() > 0 && i < current.regions.length; i++) {
      int region = current.regions[(first + i) % current.regions.length];
      long token = regions.get(region).balancer.pickUntried(affinity, tried, nowNanos);
      if (token != NONE) {
        return (long) region << Leases.TOKEN_BITS | token;
      }
    }
    for (int i = 0; i < current.regions.length; i++) {
      int region = current.regions[(first + i) % current.regions.length];
      long token = regions.get(region).balancer.pick(affinity, tried, nowNanos);
      if (token != NONE) {
        return (long) region << Leases.TOKEN_BITS | token;
      }
    }
    return NONE;
  }

  private Region<T> regionOf(long token) {
    int region = (int) (token >>> Leases.TOKEN_BITS);
    if (region >= regions.size()) {
      throw new IllegalArgumentException("token must be of a call in flight, was " + token);
    }
    return regions.get(region);
  }

  @Override
  public T target(long token) {
    return regionOf(token).balancer.target(token & TOKEN_MASK);
  }

  /** The region behind a token that {@link #pick} returned. */
  public String region(long token) {
    return regionOf(token).name;
  }

  @Override
  public void done(long token, Outcome outcome, long nowNanos) {
    Region<T> region = regionOf(token);
    if (!region.balancer.tryDone(token & TOKEN_MASK, outcome, nowNanos)
        || outcome == Outcome.IGNORED) {
      return;
    }
    int failures = region.outcomes.record(outcome == Outcome.SUCCESS);
    if (outcome == Outcome.FAILURE && failures >= limit(region)) {
      leave(region, nowNanos);
    }
  }

  private int limit(Region<T> region) {
    return region.phase == Region.Phase.RETURNING ? FAILURES_WHILE_RETURNING : failuresAllowed + 1;
  }

  private void leave(Region<T> region, long nowNanos) {
    lock.lock();
    try {
      // Late answers of a region that has been left already say nothing new.
      if (region.phase != Region.Phase.HELD) {
        region.hold(options, nowNanos);
        notices.add(listener -> listener.onLeft(region.name));
        plan = plan(nowNanos);
      }
    } finally {
      lock.unlock();
    }
    notices.deliver();
  }

  /**
   * Takes in a round trip to {@code region}, measured in the same way for all regions.
   *
   * @throws IllegalArgumentException if there is no such region
   */
  public void observe(String region, long roundTripNanos) {
    find(region).latency.record(roundTripNanos, decay.tick(clock.getAsLong()));
  }

  private void probed(String region, boolean healthy) {
    lock.lock();
    try {
      find(region).probedHealthy = healthy;
      update(clock.getAsLong());
    } finally {
      lock.unlock();
    }
    notices.deliver();
  }

  private Region<T> find(String name) {
    for (Region<T> region : regions) {
      if (region.name.equals(name)) {
        return region;
      }
    }
    throw new IllegalArgumentException("region must be one of this router's, was " + name);
  }

  private void passTime(long nowNanos) {
    long sweepAt = sweepAtNanos;
    long late = nowNanos - sweepAt;
    if (late < 0 && late >= -STEP_BACK_NANOS) {
      return;
    }
    boolean back = late < 0;
    if (back && clock.getAsLong() - sweepAt >= -STEP_BACK_NANOS) {
      return;
    }
    if (!SWEEP_AT.compareAndSet(this, sweepAt, nowNanos + SWEEP_NANOS)) {
      return;
    }
    lock.lock();
    try {
      if (back) {
        long backNanos = sweepAt - SWEEP_NANOS - nowNanos;
        regions.forEach(region -> region.stepBack(backNanos, decay.tick(backNanos)));
      }
      update(nowNanos);
    } finally {
      lock.unlock();
    }
    notices.deliver();
  }

  private void update(long nowNanos) {
    for (Region<T> region : regions) {
      if (region.passTime(options, nowNanos)) {
        String name = region.name;
        switch (region.phase) {
          case HELD -> notices.add(listener -> listener.onLeft(name));
          case RETURNING -> notices.add(listener -> listener.onReturning(name));
          case UP -> notices.add(listener -> listener.onReturned(name));
          default -> throw new AssertionError("unhandled phase " + region.phase);
        }
      }
    }
    if (reorder(nowNanos)) {
      List<String> names = order.stream().map(region -> region.name).toList();
      notices.add(listener -> listener.onOrder(names));
    }
    plan = plan(nowNanos);
  }

  /** Swaps neighbours of which the latter has been nearer for long; true if any. */
  private boolean reorder(long nowNanos) {
    if (!ordered) {
      if (regions.stream().anyMatch(region -> region.latency.nanos() == 0)) {
        return false;
      }
      ordered = true;
      order.sort((a, b) -> Float.compare(a.latency.nanos(), b.latency.nanos()));
      return true;
    }
    boolean swapped = false;
    for (int i = 0; i + 1 < order.size(); i++) {
      Region<T> region = order.get(i + 1);
      if (region.latency.nanos() >= options.margin() * order.get(i).latency.nanos()) {
        region.nearer = false;
      } else if (!region.nearer) {
        region.nearer = true;
        region.nearerSinceNanos = nowNanos;
      } else if (nowNanos - region.nearerSinceNanos >= options.hold().toNanos()) {
        order.set(i + 1, order.set(i, region));
        order.get(i).nearer = false;
        order.get(i + 1).nearer = false;
        swapped = true;
      }
    }
    return swapped;
  }

  private Plan plan(long nowNanos) {
    int[] indexes = order.stream().mapToInt(region -> region.index).toArray();
    double[] shares = new double[indexes.length];
    double rest = 1;
    for (int i = 0; i < shares.length; i++) {
      shares[i] = rest * order.get(i).capacity(options, nowNanos);
      rest -= shares[i];
    }
    double carried = 1 - rest;
    if (carried <= 0) {
      // None is well: the one with most left, and of equals the nearest.
      int best = 0;
      for (int i = 1; i < shares.length; i++) {
        if (order.get(i).balancer.availability() > order.get(best).balancer.availability()) {
          best = i;
        }
      }
      shares[best] = 1;
      carried = 1;
    }
    double[] bounds = new double[shares.length];
    double sum = 0;
    for (int i = 0; i < shares.length; i++) {
      sum += shares[i] / carried;
      bounds[i] = sum;
    }
    return new Plan(indexes, bounds);
  }

  /** The regions in order of preference. */
  public List<RegionStats> stats() {
    lock.lock();
    try {
      List<RegionStats> stats = new ArrayList<>();
      double[] bounds = plan.bounds;
      for (int i = 0; i < order.size(); i++) {
        Region<T> region = order.get(i);
        stats.add(
            new RegionStats(
                region.name,
                i == 0 ? bounds[0] : bounds[i] - bounds[i - 1],
                region.balancer.availability(),
                (long) region.latency.nanos()));
      }
      return List.copyOf(stats);
    } finally {
      lock.unlock();
    }
  }

  /** Stops the probes. Picks go on; the balancers stay open. */
  @Override
  public void close() {
    if (checker != null) {
      checker.close();
    }
  }
}
