package io.quorate.resilience.balance;

import io.quorate.resilience.Outcome;
import io.quorate.resilience.Picker;
import io.quorate.resilience.RealTime;
import io.quorate.resilience.Timer;
import io.quorate.resilience.Tried;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Spreads calls over the replicas of a service, away from those that are slow, failing, unhealthy
 * or draining. Safe for use by many threads.
 *
 * <p>Three views of a replica decide whether it is called: its <em>health checks</em>, if the
 * balancer was given a probe; its <em>ejection</em>, when its calls fail in a row or more often
 * than the others' ({@link EjectionOptions}); and <em>drains</em>. When too few are left, health
 * and ejections are not believed ({@link BalancerOptions#panicShare}). The {@link Policy} chooses
 * among the rest.
 *
 * <p>{@link #pick} and {@link #done} take no lock and allocate nothing. Time passes with the
 * {@code nowNanos} of picks: an idle balancer does nothing and needs no timer. At most 1 048 512
 * calls are in flight at once; beyond that picks find nothing.
 *
 * @param <T> a target
 */
public final class LoadBalancer<T> implements Picker<T>, AutoCloseable {
  private static final long SWEEP_NANOS = 100_000_000;
  private static final long STEP_BACK_NANOS = 1_000_000_000;
  private static final VarHandle SWEEP_AT;
  private static final VarHandle REAP_AT;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      SWEEP_AT = lookup.findVarHandle(LoadBalancer.class, "sweepAtNanos", long.class);
      REAP_AT = lookup.findVarHandle(LoadBalancer.class, "reapAtNanos", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * Told what happens. {@link #onDone} is called for each call, on the thread that ended it; all
   * others are rare, come one at a time and in order, and hold no lock. What a listener throws is
   * logged and goes no further.
   *
   * @param <T> a target
   */
  public interface Listener<T> {
    /** A call has ended. */
    default void onDone(T target, Outcome outcome, long latencyNanos) {}

    /** The replica is not called for {@code nanos}, because its calls fail. */
    default void onEjected(T target, long nanos) {}

    /** The replica may show with one call whether it has recovered. */
    default void onReadmitted(T target) {}

    /** Health checks have changed their mind. */
    default void onHealth(T target, boolean healthy) {}

    /** The last call to a draining replica has ended. */
    default void onDrained(T target) {}

    /** So few replicas are available that all are used from now on; or no longer so few. */
    default void onPanic(boolean panicking) {}

    /**
     * Writes Java Flight Recorder events, category {@code Quorate}; needs the module jdk.jfr.
     *
     * @param balancer the name that the events carry
     */
    static <T> Listener<T> flightRecorder(String balancer) {
      return new FlightRecorderListener<>(balancer);
    }
  }

  /** Whether, and why not, a replica is called. The first that applies. */
  public enum State {
    DRAINING,
    UNHEALTHY,
    EJECTED,
    ON_PROBATION,
    STARTING,
    AVAILABLE
  }

  /**
   * One replica at one moment.
   *
   * @param latencyNanos what a call is expected to take; 0 if nothing is known
   * @param picks calls begun
   * @param failures calls that failed
   */
  public record ReplicaStats<T>(
      Replica<T> replica,
      State state,
      int inFlight,
      long latencyNanos,
      long picks,
      long failures) {}

  /**
   * All replicas at one moment, in the order of the membership.
   *
   * @param availability share of the weight that is available, 0 to 1
   * @param panicking whether health is not believed, because too few are available
   * @param leaked calls that never ended and have been given up
   */
  public record Stats<T>(
      List<ReplicaStats<T>> replicas, double availability, boolean panicking, long leaked) {
    public Stats {
      replicas = List.copyOf(replicas);
    }

    /** Calls in flight at all replicas. */
    public int inFlight() {
      return replicas.stream().mapToInt(ReplicaStats::inFlight).sum();
    }
  }

  private final Policy<T> policy;
  private final LongSupplier clock;
  private final long leaseNanos;
  private final float penaltyNanos;
  private final int consecutiveFailures;
  private final Decay decay;
  private final PickRandom random;
  private final Leases<Member<T>> leases = new Leases<>();
  private final Roster<T> roster;
  private final Listener<T> listener;
  private final HealthChecker<T> checker;

  private volatile long sweepAtNanos;
  private volatile long reapAtNanos;
  private volatile long leaked;

  private LoadBalancer(Builder<T> builder, Collection<Replica<T>> replicas) {
    policy = builder.policy;
    clock = builder.clock;
    leaseNanos = builder.options.leaseTimeout().toNanos();
    penaltyNanos = builder.options.latencyDecay().toNanos();
    consecutiveFailures = builder.ejection.consecutiveFailures();
    decay = new Decay(builder.options.latencyDecay().toNanos());
    random = new PickRandom(builder.seed);
    listener = builder.listener;
    roster =
        new Roster<>(
            builder.options, builder.ejection, builder.zone, builder.subset, decay, listener);
    checker = builder.checker(this::health);
    long nowNanos = clock.getAsLong();
    sweepAtNanos = nowNanos + SWEEP_NANOS;
    reapAtNanos = nowNanos + leaseNanos;
    set(replicas);
  }

  /** A balancer with all defaults over replicas of equal weight. */
  public static <T> LoadBalancer<T> of(Collection<T> targets) {
    return LoadBalancer.<T>builder().build(targets.stream().map(Replica::of).toList());
  }

  public static <T> Builder<T> builder() {
    return new Builder<>();
  }

  @Override
  public long pick(long affinity, Tried<T> tried, long nowNanos) {
    return pick(affinity, tried, Group.ANY, nowNanos);
  }

  /** {@link #pick}, but none rather than one that has been tried already. */
  long pickUntried(long affinity, Tried<T> tried, long nowNanos) {
    return pick(affinity, tried, Group.UNTRIED, nowNanos);
  }

  private long pick(long affinity, Tried<T> tried, int lastLevel, long nowNanos) {
    passTime(nowNanos);
    long chance = random.next();
    int tick = decay.tick(nowNanos);
    while (true) {
      Member<T> member = roster.fleet().pick(policy, tried, lastLevel, affinity, chance, tick);
      if (member == null) {
        return NONE;
      }
      // Fails only if the fleet has changed since it was read: the next one is without the member.
      if (member.tryBegin(tick)) {
        long token = leases.claim(member, nowNanos, chance);
        if (token == Leases.NONE) {
          member.end();
        }
        return token;
      }
    }
  }

  @Override
  public T target(long token) {
    Member<T> member = leases.holder(token);
    if (member == null) {
      throw new IllegalArgumentException("token must be of a call in flight, was " + token);
    }
    return member.target;
  }

  @Override
  public void done(long token, Outcome outcome, long nowNanos) {
    tryDone(token, outcome, nowNanos);
  }

  /** {@link #done}; false if the token was done before. */
  boolean tryDone(long token, Outcome outcome, long nowNanos) {
    Objects.requireNonNull(outcome, "outcome");
    Member<T> member = leases.holder(token);
    long startNanos = leases.startNanos(token);
    if (member == null || !leases.release(token)) {
      return false;
    }
    learn(member, outcome, startNanos, nowNanos);
    return true;
  }

  private void learn(Member<T> member, Outcome outcome, long startNanos, long nowNanos) {
    long latencyNanos = Math.max(0, nowNanos - startNanos);
    int tick = decay.tick(nowNanos);
    switch (outcome) {
      case SUCCESS -> {
        member.latency.record(latencyNanos, tick);
        // Read first: the healthy case writes nothing that others read.
        if (member.consecutiveFailures.get() != 0) {
          member.consecutiveFailures.set(0);
        }
      }
      case FAILURE -> {
        member.failures.incrementAndGet();
        member.latency.penalize(latencyNanos, penaltyNanos, tick);
      }
      case IGNORED -> {
        member.ignored.incrementAndGet();
        member.latency.abandon(latencyNanos, tick);
      }
      default -> throw new AssertionError("unhandled outcome " + outcome);
    }
    member.end();
    if (outcome != Outcome.IGNORED) {
      judge(member, outcome, startNanos, nowNanos);
    }
    tell(member, outcome, latencyNanos);
  }

  private void judge(Member<T> member, Outcome outcome, long startNanos, long nowNanos) {
    boolean success = outcome == Outcome.SUCCESS;
    if (member.onProbation) {
      roster.decideProbation(member, success, startNanos, nowNanos);
    } else if (!success
        && member.consecutiveFailures.incrementAndGet() % consecutiveFailures == 0) {
      roster.eject(member, nowNanos);
    }
  }

  private void tell(Member<T> member, Outcome outcome, long latencyNanos) {
    if (listener == Builder.NO_LISTENER) {
      return;
    }
    try {
      listener.onDone(member.target, outcome, latencyNanos);
    } catch (RuntimeException | Error e) {
      Notices.contain(e);
    }
  }

  /** Does what has become due. */
  void passTime(long nowNanos) {
    long sweepAt = sweepAtNanos;
    long late = nowNanos - sweepAt;
    if (late < 0 && late >= -STEP_BACK_NANOS) {
      return;
    }
    if (late < 0) {
      stepBack(sweepAt, nowNanos);
      return;
    }
    if (SWEEP_AT.compareAndSet(this, sweepAt, nowNanos + SWEEP_NANOS)) {
      roster.sweep(nowNanos);
      long reapAt = reapAtNanos;
      if (nowNanos - reapAt >= 0 && REAP_AT.compareAndSet(this, reapAt, nowNanos + leaseNanos)) {
        // Only this thread writes it until the next reap.
        leaked = leaked + leases.reap(Member::end);
      }
    }
  }

  /** Either a pick whose thread has slept since it read the clock, or a clock that went back. */
  private void stepBack(long sweepAt, long nowNanos) {
    long backNanos = sweepAt - SWEEP_NANOS - nowNanos;
    if (clock.getAsLong() - sweepAt < -STEP_BACK_NANOS
        && SWEEP_AT.compareAndSet(this, sweepAt, nowNanos)) {
      REAP_AT.getAndAdd(this, -backNanos);
      roster.stepBack(backNanos);
    }
  }

  /**
   * Makes {@code replicas} the members. Those that stay keep what is known of them, and the object
   * that they are known by; new ones start slowly.
   *
   * @throws IllegalArgumentException if a target appears twice; nothing has changed then
   */
  public void set(Collection<Replica<T>> replicas) {
    List<Replica<T>> members = List.copyOf(replicas);
    roster.set(members, checker == null, clock.getAsLong());
    watchMembers();
  }

  /**
   * Adds a replica, which starts slowly; with a probe, it is called once a check has passed.
   *
   * @throws IllegalArgumentException if the target is a member already
   */
  public void add(Replica<T> replica) {
    roster.add(Objects.requireNonNull(replica, "replica"), checker == null, clock.getAsLong());
    watchMembers();
  }

  /** Removes a replica at once; its calls in flight go on, and count no more. */
  public void remove(T target) {
    roster.remove(target, clock.getAsLong());
    watchMembers();
  }

  private void watchMembers() {
    if (checker != null) {
      List<T> targets = new ArrayList<>();
      roster.forEach(member -> targets.add(member.target));
      checker.watchOnly(targets);
    }
  }

  /**
   * Stops picking {@code target}. The future completes when its last call in flight has ended, on
   * the thread that ended it, and fails with a cancellation if {@link #undrain} comes first. It has
   * no bound of its own: calls may take as long as they like.
   *
   * @throws IllegalArgumentException if the target is no member
   */
  public CompletableFuture<Void> drain(T target) {
    return roster.drain(target, clock.getAsLong());
  }

  /**
   * Picks {@code target} again, slowly at first. Does nothing if it is not draining.
   *
   * @throws IllegalArgumentException if the target is no member
   */
  public void undrain(T target) {
    roster.undrain(target, clock.getAsLong());
  }

  /**
   * Takes in the verdict of a health check made elsewhere. Ignored if {@code target} is no member.
   */
  public void health(T target, boolean healthy) {
    roster.health(target, healthy, clock.getAsLong());
  }

  /** The state of one replica; empty if {@code target} is no member. */
  public Optional<State> state(T target) {
    return stats().replicas().stream()
        .filter(stats -> stats.replica().target().equals(target))
        .map(ReplicaStats::state)
        .findFirst();
  }

  /** Share of the weight that is available, 0 to 1: neither draining nor unhealthy nor ejected. */
  public double availability() {
    return roster.fleet().availability;
  }

  public Stats<T> stats() {
    long nowNanos = clock.getAsLong();
    passTime(nowNanos);
    int tick = decay.tick(nowNanos);
    List<ReplicaStats<T>> replicas = new ArrayList<>();
    roster.forEach(
        member ->
            replicas.add(
                new ReplicaStats<>(
                    member.replica,
                    member.state(),
                    member.inFlight(),
                    (long) member.expectedNanos(tick, decay),
                    member.picks(),
                    member.failures.get())));
    Fleet<T> fleet = roster.fleet();
    return new Stats<>(replicas, fleet.availability, fleet.panicking, leaked);
  }

  /** Stops the health checks. Picks go on. */
  @Override
  public void close() {
    if (checker != null) {
      checker.close();
    }
  }

  /** What the parts of a balancer are; each has a default. */
  public static final class Builder<T> {
    private static final Listener<Object> NO_LISTENER = new Listener<>() {};

    private Policy<T> policy = Policy.peakEwma();
    private BalancerOptions options = BalancerOptions.defaults();
    private EjectionOptions ejection = EjectionOptions.defaults();
    private String zone = "";
    private Subset subset = Subset.ALL;
    private LongSupplier clock = RealTime.clock();
    private long seed = RealTime.seed();
    private Listener<T> listener = noListener();
    private HealthChecker.Probe<T> probe;
    private HealthChecker.Options health;
    private Timer timer = RealTime.timer();

    private Builder() {}

    @SuppressWarnings("unchecked") // it takes any target, and does nothing with it
    private static <T> Listener<T> noListener() {
      return (Listener<T>) NO_LISTENER;
    }

    public Builder<T> policy(Policy<T> policy) {
      this.policy = Objects.requireNonNull(policy, "policy");
      return this;
    }

    public Builder<T> options(BalancerOptions options) {
      this.options = Objects.requireNonNull(options, "options");
      return this;
    }

    public Builder<T> ejection(EjectionOptions ejection) {
      this.ejection = Objects.requireNonNull(ejection, "ejection");
      return this;
    }

    /** Where the caller stands: calls stay in this zone as long as it can carry them. */
    public Builder<T> zone(String zone) {
      this.zone = Objects.requireNonNull(zone, "zone");
      return this;
    }

    /** Calls only some of the replicas. */
    public Builder<T> subset(Subset subset) {
      this.subset = Objects.requireNonNull(subset, "subset");
      return this;
    }

    /** Checks the members' health for as long as the balancer is open. */
    public Builder<T> health(HealthChecker.Probe<T> probe, HealthChecker.Options health) {
      this.probe = Objects.requireNonNull(probe, "probe");
      this.health = Objects.requireNonNull(health, "health");
      return this;
    }

    public Builder<T> clock(LongSupplier clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /** For health checks; without them no timer is used. */
    public Builder<T> timer(Timer timer) {
      this.timer = Objects.requireNonNull(timer, "timer");
      return this;
    }

    /** Equal seeds, calls and times make equal picks. */
    public Builder<T> seed(long seed) {
      this.seed = seed;
      return this;
    }

    public Builder<T> listener(Listener<T> listener) {
      this.listener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Builds the balancer and starts its health checks.
     *
     * @throws IllegalArgumentException if a target appears twice
     */
    public LoadBalancer<T> build(Collection<Replica<T>> replicas) {
      return new LoadBalancer<>(this, replicas);
    }

    private HealthChecker<T> checker(HealthChecker.Listener<T> verdicts) {
      return probe == null
          ? null
          : new HealthChecker<>(probe, health, clock, timer, PickRandom.mix(seed), verdicts);
    }
  }
}
