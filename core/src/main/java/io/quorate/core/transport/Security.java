package io.quorate.core.transport;

import java.net.InetAddress;

/** How a transport keeps strangers out. TLS, or one of two ways without. */
public sealed interface Security {
  /** Plain text, which is refused on any but loopback addresses: for tests and single machines. */
  record LoopbackOnly() implements Security {}

  /** Plain text to anywhere: whoever reaches the port can claim to be any node. */
  record Insecure() implements Security {}

  /** Mutual TLS, see {@link TlsOptions}. */
  record Tls(TlsOptions options) implements Security {}

  /**
   * Refuses to listen for strangers in plain text.
   *
   * @throws IllegalArgumentException if {@code address} is none that may be listened at
   */
  default void checkListen(Address listen, InetAddress address) {
    if (this instanceof LoopbackOnly && !address.isLoopbackAddress()) {
      throw new IllegalArgumentException(
          "listen address "
              + listen
              + " is not loopback: configure TLS, or say TransportOptions.insecure()");
    }
  }

  /** What speaks against connecting to {@code address}; empty if nothing does. */
  default String dialProblem(InetAddress address) {
    return this instanceof LoopbackOnly && !address.isLoopbackAddress()
        ? "address is not loopback: configure TLS, or say TransportOptions.insecure()"
        : "";
  }
}
