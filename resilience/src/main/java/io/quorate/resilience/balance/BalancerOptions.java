package io.quorate.resilience.balance;

import java.time.Duration;

/**
 * How a {@link LoadBalancer} weighs its replicas.
 *
 * @param latencyDecay time constant with which latencies are forgotten; also the latency that a
 *     failed call counts as, if it took less
 * @param slowStart how long a new replica's share grows until it is a full one; a replica that
 *     returns takes as long as it was away, at most this; zero for no slow start
 * @param panicShare if fewer than this share of the replicas are available, health is not believed
 *     and all are used; 0 to 1, 0 for never
 * @param zoneOverprovision how many times its normal load a zone can carry: the local zone keeps
 *     all calls until less than 1 in this many of its capacity is left; at least 1
 * @param leaseTimeout a call that has not ended for this long to twice this long no longer counts
 *     as in flight
 */
public record BalancerOptions(
    Duration latencyDecay,
    Duration slowStart,
    double panicShare,
    double zoneOverprovision,
    Duration leaseTimeout) {

  public BalancerOptions {
    Check.positive("latencyDecay", latencyDecay);
    Check.notNegative("slowStart", slowStart);
    Check.share("panicShare", panicShare);
    if (!(zoneOverprovision >= 1 && zoneOverprovision <= 1000)) {
      throw new IllegalArgumentException(
          "zoneOverprovision must be 1 to 1000, was " + zoneOverprovision);
    }
    Check.positive("leaseTimeout", leaseTimeout);
  }

  /** Forgets within 1 s, slow start 10 s, panic below 50 %, zones take 1.4 times, leases 5 min. */
  public static BalancerOptions defaults() {
    return new BalancerOptions(
        Duration.ofSeconds(1), Duration.ofSeconds(10), 0.5, 1.4, Duration.ofMinutes(5));
  }

  public BalancerOptions withLatencyDecay(Duration latencyDecay) {
    return new BalancerOptions(
        latencyDecay, slowStart, panicShare, zoneOverprovision, leaseTimeout);
  }

  public BalancerOptions withSlowStart(Duration slowStart) {
    return new BalancerOptions(
        latencyDecay, slowStart, panicShare, zoneOverprovision, leaseTimeout);
  }

  public BalancerOptions withPanicShare(double panicShare) {
    return new BalancerOptions(
        latencyDecay, slowStart, panicShare, zoneOverprovision, leaseTimeout);
  }

  public BalancerOptions withZoneOverprovision(double zoneOverprovision) {
    return new BalancerOptions(
        latencyDecay, slowStart, panicShare, zoneOverprovision, leaseTimeout);
  }

  public BalancerOptions withLeaseTimeout(Duration leaseTimeout) {
    return new BalancerOptions(
        latencyDecay, slowStart, panicShare, zoneOverprovision, leaseTimeout);
  }
}
