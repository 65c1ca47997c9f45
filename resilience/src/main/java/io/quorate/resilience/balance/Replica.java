package io.quorate.resilience.balance;

import java.util.Objects;

/**
 * A member of a {@link LoadBalancer}: where calls may go, how much it can take, and where it
 * stands.
 *
 * @param target what is called; compared by {@code equals} when the membership changes, and handed
 *     out as this very object for as long as it is a member
 * @param weight share of the load relative to the other replicas, 0 to 1 000 000; 0 keeps it a
 *     member that is not called
 * @param zone the failure domain; empty if there is none
 */
public record Replica<T>(T target, int weight, String zone) {
  private static final int MAX_WEIGHT = 1_000_000;

  public Replica {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(zone, "zone");
    if (weight < 0 || weight > MAX_WEIGHT) {
      throw new IllegalArgumentException(
          "weight must be 0 to " + MAX_WEIGHT + ", was " + weight + " for " + target);
    }
  }

  /** A replica like any other: weight 1, no zone. */
  public static <T> Replica<T> of(T target) {
    return new Replica<>(target, 1, "");
  }

  public Replica<T> withWeight(int weight) {
    return new Replica<>(target, weight, zone);
  }

  public Replica<T> withZone(String zone) {
    return new Replica<>(target, weight, zone);
  }
}
