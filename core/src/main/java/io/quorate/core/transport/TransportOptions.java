package io.quorate.core.transport;

import java.util.Objects;

/**
 * How a node talks to its peers.
 *
 * @param listen where it accepts them; port 0 asks for any free one
 * @param security how it keeps strangers out
 * @param limits how much it takes before it refuses
 * @param timeouts how long it waits
 */
public record TransportOptions(
    Address listen, Security security, TransportLimits limits, TransportTimeouts timeouts) {
  public TransportOptions {
    Objects.requireNonNull(listen, "listen");
    Objects.requireNonNull(security, "security");
    Objects.requireNonNull(limits, "limits");
    Objects.requireNonNull(timeouts, "timeouts");
  }

  /** Any free port of the loopback address, in plain text and never beyond this machine. */
  public static TransportOptions defaults() {
    return new TransportOptions(
        new Address("127.0.0.1", 0),
        new Security.LoopbackOnly(),
        TransportLimits.defaults(),
        TransportTimeouts.defaults());
  }

  public TransportOptions withListen(Address listen) {
    return new TransportOptions(listen, security, limits, timeouts);
  }

  /** Mutual TLS with every peer. */
  public TransportOptions withTls(TlsOptions tls) {
    return new TransportOptions(listen, new Security.Tls(tls), limits, timeouts);
  }

  /** Plain text with everybody: whoever reaches the port can claim to be any node. */
  public TransportOptions insecure() {
    return new TransportOptions(listen, new Security.Insecure(), limits, timeouts);
  }

  public TransportOptions withLimits(TransportLimits limits) {
    return new TransportOptions(listen, security, limits, timeouts);
  }

  public TransportOptions withTimeouts(TransportTimeouts timeouts) {
    return new TransportOptions(listen, security, limits, timeouts);
  }
}
