package io.quorate.core.transport;

import io.quorate.core.Clock;
import io.quorate.core.NodeId;
import java.util.random.RandomGenerator;

/**
 * What all connections of one node share.
 *
 * @param incarnation grows when the node restarts
 * @param random safe for use by many threads
 */
record TcpContext(
    NodeId self,
    String cluster,
    long incarnation,
    TransportOptions options,
    Clock clock,
    RandomGenerator random,
    Services services,
    TransportMetrics metrics,
    Warnings warnings,
    SparePayloads spares) {

  TransportLimits limits() {
    return options.limits();
  }

  TransportTimeouts timeouts() {
    return options.timeouts();
  }

  /** How this node introduces itself. */
  Hello hello(long nonce, long echo) {
    return new Hello(
        Hello.VERSION,
        Hello.VERSION,
        cluster,
        self,
        incarnation,
        limits().maxPayloadBytes(),
        nonce,
        echo);
  }
}
