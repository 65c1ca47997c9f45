package io.quorate.core.sim;

import java.time.Duration;

/**
 * What a simulated world is like.
 *
 * @param seed all chance comes from it
 * @param network how messages travel
 * @param disk how disks behave
 * @param maxEvents a run that takes more events fails, which catches endless loops; at least 1
 * @param buggify whether {@link io.quorate.core.Faults#buggify} may ever be true
 */
public record SimulationOptions(
    long seed, NetworkOptions network, DiskOptions disk, long maxEvents, boolean buggify) {
  private static final Duration FOREVER = Duration.ofDays(36_500);

  public SimulationOptions {
    if (maxEvents < 1) {
      throw new IllegalArgumentException("maxEvents must be at least 1, was " + maxEvents);
    }
    if (network == null || disk == null) {
      throw new IllegalArgumentException("network and disk must be given");
    }
  }

  /** A local network, a fast disk, buggify on, at most a thousand million events. */
  public static SimulationOptions seeded(long seed) {
    return new SimulationOptions(
        seed, NetworkOptions.lan(), DiskOptions.defaults(), 1_000_000_000L, true);
  }

  public SimulationOptions withNetwork(NetworkOptions network) {
    return new SimulationOptions(seed, network, disk, maxEvents, buggify);
  }

  public SimulationOptions withDisk(DiskOptions disk) {
    return new SimulationOptions(seed, network, disk, maxEvents, buggify);
  }

  public SimulationOptions withMaxEvents(long maxEvents) {
    return new SimulationOptions(seed, network, disk, maxEvents, buggify);
  }

  public SimulationOptions withBuggify(boolean buggify) {
    return new SimulationOptions(seed, network, disk, maxEvents, buggify);
  }

  static long positiveNanos(Duration duration, String what) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(what + " must be more than 0, was " + duration);
    }
    return duration.compareTo(FOREVER) < 0 ? duration.toNanos() : FOREVER.toNanos();
  }

  static double probability(double value, String what) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(what + " must be 0 to 1, was " + value);
    }
    return value;
  }
}
