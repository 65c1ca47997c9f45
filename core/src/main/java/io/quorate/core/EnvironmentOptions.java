package io.quorate.core;

import io.quorate.core.transport.Address;
import io.quorate.core.transport.TlsOptions;
import io.quorate.core.transport.TransportOptions;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * What a node needs to know to touch the world.
 *
 * @param self the node
 * @param cluster the name of its cluster, as a {@linkplain Text#requireName name}; nodes of another
 *     cluster are refused
 * @param dataDirectory where its files are; needed by what stores, and without a default
 * @param transport how it talks to its peers
 * @param loops event loops, each a thread; 1 to 1,024. With one, a message goes from the socket to
 *     its handler and back without a change of thread
 * @param metrics where it reports
 */
public record EnvironmentOptions(
    NodeId self,
    String cluster,
    Optional<Path> dataDirectory,
    TransportOptions transport,
    int loops,
    Metrics metrics) {
  public EnvironmentOptions {
    Objects.requireNonNull(self, "self");
    Text.requireName("cluster", cluster);
    Objects.requireNonNull(dataDirectory, "dataDirectory");
    Objects.requireNonNull(transport, "transport");
    if (loops < 1 || loops > 1_024) {
      throw new IllegalArgumentException("loops must be 1 to 1024, was " + loops);
    }
    Objects.requireNonNull(metrics, "metrics");
  }

  /**
   * The node {@code self} of {@code cluster}: no data directory, the default transport on loopback,
   * one event loop, and a {@link MetricsRegistry} of its own.
   */
  public static EnvironmentOptions of(NodeId self, String cluster) {
    return new EnvironmentOptions(
        self, cluster, Optional.empty(), TransportOptions.defaults(), 1, new MetricsRegistry());
  }

  /** Files below {@code dataDirectory}, which is made if need be and must be this node's alone. */
  public EnvironmentOptions withDataDirectory(Path dataDirectory) {
    return new EnvironmentOptions(
        self, cluster, Optional.of(dataDirectory), transport, loops, metrics);
  }

  /** Peers are accepted at {@code listen}; port 0 asks for any free one. */
  public EnvironmentOptions withListen(Address listen) {
    return withTransport(transport.withListen(listen));
  }

  /** Mutual TLS with every peer. */
  public EnvironmentOptions withTls(TlsOptions tls) {
    return withTransport(transport.withTls(tls));
  }

  /** Plain text with everybody: whoever reaches the port can claim to be any node. */
  public EnvironmentOptions insecure() {
    return withTransport(transport.insecure());
  }

  public EnvironmentOptions withTransport(TransportOptions transport) {
    return new EnvironmentOptions(self, cluster, dataDirectory, transport, loops, metrics);
  }

  public EnvironmentOptions withLoops(int loops) {
    return new EnvironmentOptions(self, cluster, dataDirectory, transport, loops, metrics);
  }

  public EnvironmentOptions withMetrics(Metrics metrics) {
    return new EnvironmentOptions(self, cluster, dataDirectory, transport, loops, metrics);
  }
}
