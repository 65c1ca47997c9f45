package io.quorate.core.sim;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What befalls a cluster, and what its users do meanwhile, in order of time. Drawn from a seed by a
 * {@link Swarm}; what is left of it after {@linkplain Shrinker shrinking} explains a failure.
 *
 * @param nodes the cluster
 * @param duration how long it takes in all
 * @param faults sorted by time
 */
public record FaultPlan(List<NodeId> nodes, Duration duration, List<Fault> faults) {
  public FaultPlan {
    nodes = List.copyOf(nodes);
    List<Fault> sorted = new ArrayList<>(faults);
    sorted.sort(Comparator.comparing(Fault::at));
    faults = List.copyOf(sorted);
  }

  /** The same with other faults. */
  public FaultPlan withFaults(List<Fault> faults) {
    return new FaultPlan(nodes, duration, faults);
  }

  /** One line for the cluster and one for each fault. */
  public String describe() {
    StringBuilder text = new StringBuilder("nodes ").append(nodes).append(" for ").append(duration);
    faults.forEach(fault -> text.append("\n  ").append(fault));
    return text.toString();
  }
}
