package io.quorate.core.transport;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class InMemoryTransportTest extends RealTransportConformance {
  private final InMemoryNetwork network = new InMemoryNetwork();

  @Override
  protected Environment start(NodeId node, String cluster, TransportOptions options) {
    return Environment.inMemory(
        EnvironmentOptions.of(node, cluster).withTransport(options), network);
  }
}
