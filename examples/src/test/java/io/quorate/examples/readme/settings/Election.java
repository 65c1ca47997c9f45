package io.quorate.examples.readme.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.Simulation;
import io.quorate.examples.readme.Setting;
import java.time.Duration;
import java.util.List;

/** A node that can only elect itself. */
public abstract class Election extends Setting {
  private final Simulation simulation = Simulation.seeded(1);
  private long token;

  protected final List<NodeId> members = List.of(NodeId.of("n1"));
  protected final Environment environment = simulation.environment(members.get(0));

  protected void startTraining(long fencingToken) {
    token = fencingToken;
  }

  protected void stopTraining() {}

  @Override
  public void after() {
    simulation.run(Duration.ofSeconds(10));
    simulation.close();
    assertThat(token).isPositive();
  }
}
