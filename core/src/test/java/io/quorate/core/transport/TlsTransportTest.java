package io.quorate.core.transport;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** TCP with TLS, on two event loops, so that handlers and connections are on different threads. */
@ExtendWith(LeakCheck.class)
class TlsTransportTest extends RealTransportConformance {
  @TempDir static Path directory;

  /** Made once: what differs between tests is not the certificates. */
  private static final Map<NodeId, TlsOptions> TLS = new TreeMap<>();

  private static Certificates authority;

  @BeforeAll
  static void make_authority() throws IOException {
    authority = new Certificates(directory, "ca");
    TLS.clear();
  }

  @Override
  protected Environment start(NodeId node, String cluster, TransportOptions options) {
    try {
      TlsOptions tls = TLS.get(node);
      if (tls == null) {
        tls = authority.node(node.value());
        TLS.put(node, tls);
      }
      return Environment.real(
          EnvironmentOptions.of(node, cluster).withTransport(options.withTls(tls)).withLoops(2));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
