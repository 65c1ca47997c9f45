package io.quorate.resilience.balance;

import java.time.Duration;

/**
 * When a {@link LoadBalancer} takes a replica out because its calls fail, and for how long.
 *
 * <p>A replica that returns from ejection is on probation: one call at a time, and the first one
 * decides. Failing it costs one call, so ejections can be short.
 *
 * @param consecutiveFailures failures in a row that eject; at least 1
 * @param minSuccessRate success rate that ejects when it is lower, relative to the success rate of
 *     the other replicas: a failure that all share ejects none; 0 to 1
 * @param minCalls calls over which the success rate is judged; at least 1
 * @param maxEjectedShare share of the replicas that may be ejected at once, rounded down; 0 to 1
 * @param firstEjection how long the first ejection lasts; each one that follows closely lasts
 *     double
 * @param longestEjection bound of the doubling
 */
public record EjectionOptions(
    int consecutiveFailures,
    double minSuccessRate,
    int minCalls,
    double maxEjectedShare,
    Duration firstEjection,
    Duration longestEjection) {

  public EjectionOptions {
    Check.atLeast("consecutiveFailures", 1, consecutiveFailures);
    Check.share("minSuccessRate", minSuccessRate);
    Check.atLeast("minCalls", 1, minCalls);
    Check.share("maxEjectedShare", maxEjectedShare);
    Check.positive("firstEjection", firstEjection);
    Check.positive("longestEjection", longestEjection);
    if (longestEjection.compareTo(firstEjection) < 0) {
      throw new IllegalArgumentException(
          "longestEjection must be at least firstEjection " + firstEjection + ", was "
              + longestEjection);
    }
  }

  /** 5 in a row, or under 80 % of what the others reach over 50 calls; at most half; 1 s to 4 s. */
  public static EjectionOptions defaults() {
    return new EjectionOptions(5, 0.8, 50, 0.5, Duration.ofSeconds(1), Duration.ofSeconds(4));
  }

  /** Never ejects. */
  public static EjectionOptions none() {
    return new EjectionOptions(
        Integer.MAX_VALUE, 0, Integer.MAX_VALUE, 0, Duration.ofSeconds(1), Duration.ofSeconds(1));
  }
}
