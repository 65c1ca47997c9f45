package io.quorate.examples.readme.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.Message;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.examples.readme.Setting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Two simulated nodes that hear of models. */
public abstract class Models extends Setting {
  private final Simulation simulation = Simulation.seeded(1);
  private final List<String> reloaded = new ArrayList<>();

  protected final Environment environment = simulation.environment(NodeId.of("host"));
  protected final Environment other = simulation.environment(NodeId.of("other"));
  protected final byte[] manifest = {1, 2, 3};

  /** Tells the other node where the host is. */
  protected Models() {
    NodeId host = NodeId.of("host");
    other.transport().setPeer(host, SimNode.addressOf(host));
  }

  protected void reload(Message message) {
    reloaded.add(message.key().orElseThrow());
  }

  @Override
  public void after() {
    simulation.run(Duration.ofSeconds(1));
    simulation.close();
    assertThat(reloaded).containsExactly("ranker");
  }
}
