package io.quorate.examples.readme.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.sim.Simulation;
import io.quorate.examples.readme.Setting;
import java.time.Duration;

/** A node on a simulated disk. */
public abstract class Log extends Setting {
  private final Simulation simulation = Simulation.seeded(1);
  private int acknowledged;

  protected final Environment environment = simulation.environment(NodeId.of("n1"));
  protected final EventLoop loop = environment.eventLoop("log");
  protected final byte[] entry = {1, 2, 3};
  protected final byte[] termAndVote = {4};

  protected void acknowledge() {
    acknowledged++;
  }

  @Override
  public void after() {
    simulation.run(Duration.ofSeconds(1));
    simulation.close();
    assertThat(acknowledged).isEqualTo(1);
  }
}
