/**
 * Sends each call to the replica that is likely to answer it well: {@link
 * io.quorate.resilience.balance.LoadBalancer} with its {@link
 * io.quorate.resilience.balance.Policy}, {@link io.quorate.resilience.balance.HealthChecker},
 * outlier ejection, zones, slow start and drain; and
 * {@link io.quorate.resilience.balance.RegionRouter} above the balancers of several regions.
 *
 * <p>Replicas wait for nobody: a pick takes no lock, allocates nothing, and learns from how the
 * earlier ones ended.
 */
package io.quorate.resilience.balance;
