package io.quorate.resilience.balance;

/** One region as its router sees it. Guarded by the router's lock, but for the register. */
final class Region<T> {
  enum Phase {
    /** Takes what it can carry. */
    UP,
    /** Takes nothing, until it has been well for as long as it is held. */
    HELD,
    /** Takes a share that grows from almost nothing. */
    RETURNING
  }

  private static final double FIRST_SHARE = 0.01;

  final String name;
  final int index;
  final LoadBalancer<T> balancer;
  final PeakEwma latency;
  final OutcomeRegister outcomes = new OutcomeRegister();

  boolean probedHealthy = true;
  volatile Phase phase = Phase.UP;
  /** Since when it has been nearer than the one before it; meaningless unless {@link #nearer}. */
  long nearerSinceNanos;
  boolean nearer;

  private long heldUntilNanos;
  private long holdNanos;
  private long sinceNanos;

  Region(String name, int index, LoadBalancer<T> balancer, Decay decay, long nowNanos) {
    this.name = name;
    this.index = index;
    this.balancer = balancer;
    this.latency = new PeakEwma(decay);
    this.sinceNanos = nowNanos;
  }

  /** Takes it out of service, for longer each time unless it was well for long in between. */
  void hold(RegionRouter.Options options, long nowNanos) {
    long longest = options.longestHold().toNanos();
    boolean again = holdNanos > 0 && (phase != Phase.UP || nowNanos - sinceNanos < longest);
    holdNanos = again ? Math.min(2 * holdNanos, longest) : options.hold().toNanos();
    heldUntilNanos = nowNanos + holdNanos;
    phase = Phase.HELD;
    sinceNanos = nowNanos;
    outcomes.clear();
  }

  /** Moves on with time; true if the phase has changed. */
  boolean passTime(RegionRouter.Options options, long nowNanos) {
    balancer.passTime(nowNanos);
    boolean well = probedHealthy && balancer.availability() >= options.minAvailability();
    if (phase == Phase.HELD) {
      if (!well) {
        heldUntilNanos = nowNanos + holdNanos;
      } else if (nowNanos - heldUntilNanos >= 0) {
        return enter(Phase.RETURNING, nowNanos);
      }
      return false;
    }
    if (!well) {
      hold(options, nowNanos);
      return true;
    }
    return phase == Phase.RETURNING
        && nowNanos - sinceNanos >= options.ramp().toNanos()
        && enter(Phase.UP, nowNanos);
  }

  private boolean enter(Phase next, long nowNanos) {
    phase = next;
    sinceNanos = nowNanos;
    return true;
  }

  /** The share of all calls that it can carry now, 0 to 1. */
  double capacity(RegionRouter.Options options, long nowNanos) {
    double carried = Math.min(1, balancer.availability() * options.overprovision());
    return switch (phase) {
      case UP -> carried;
      case HELD -> 0;
      case RETURNING -> {
        double progress = (double) (nowNanos - sinceNanos) / options.ramp().toNanos();
        yield carried * Math.max(FIRST_SHARE, Math.min(1, progress));
      }
    };
  }

  void stepBack(long nanos, int ticks) {
    heldUntilNanos -= nanos;
    sinceNanos -= nanos;
    nearerSinceNanos -= nanos;
    latency.stepBack(ticks);
  }
}
