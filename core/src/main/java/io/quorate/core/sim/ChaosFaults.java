package io.quorate.core.sim;

import io.quorate.core.Faults;
import java.util.TreeMap;

/** Each point is active on a quarter of all runs and then fires a quarter of the time. */
final class ChaosFaults implements Faults {
  private static final double ACTIVE = 0.25;
  private static final double FIRES = 0.25;

  private final Simulation simulation;
  private final SeededRandom random;
  private final TreeMap<String, Boolean> active = new TreeMap<>();

  ChaosFaults(Simulation simulation, SeededRandom random) {
    this.simulation = simulation;
    this.random = random;
  }

  @Override
  public boolean buggify(String point) {
    if (!simulation.isBuggifying()) {
      return false;
    }
    Boolean isActive = active.get(point);
    if (isActive == null) {
      isActive = simulation.random("buggify/" + point, "run").chance(ACTIVE);
      active.put(point, isActive);
    }
    boolean fires = isActive && random.chance(FIRES);
    if (fires) {
      simulation.probes().hit(point);
    }
    return fires;
  }

  @Override
  public void reached(String point) {
    simulation.probes().hit(point);
  }
}
