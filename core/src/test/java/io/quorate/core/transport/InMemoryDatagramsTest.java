package io.quorate.core.transport;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;

class InMemoryDatagramsTest extends DatagramsConformance {
  private final InMemoryNetwork network = new InMemoryNetwork();

  @Override
  Environment start(NodeId node) {
    return Environment.inMemory(EnvironmentOptions.of(node, "test"), network);
  }
}
