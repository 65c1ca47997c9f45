package io.quorate.core.transport;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TcpTransportTest extends RealTransportConformance {
  @Override
  protected Environment start(NodeId node, String cluster, TransportOptions options) {
    return Environment.real(EnvironmentOptions.of(node, cluster).withTransport(options));
  }
}
