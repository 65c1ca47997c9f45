package io.quorate.core.transport;

import java.util.Objects;

/**
 * How a node talks to its peers.
 *
 * @param listen where it accepts them; port 0 asks for any free one
 * @param limits how much it takes before it refuses
 */
public record TransportOptions(Address listen, TransportLimits limits) {
  public TransportOptions {
    Objects.requireNonNull(listen, "listen");
    Objects.requireNonNull(limits, "limits");
  }

  /** Any free port of the loopback address, and the default limits. */
  public static TransportOptions defaults() {
    return new TransportOptions(new Address("127.0.0.1", 0), TransportLimits.defaults());
  }

  public TransportOptions withListen(Address listen) {
    return new TransportOptions(listen, limits);
  }

  public TransportOptions withLimits(TransportLimits limits) {
    return new TransportOptions(listen, limits);
  }
}
