package io.quorate.core.transport;

import io.quorate.core.NodeId;

/**
 * What a service does with what arrives. Called on the endpoint's event loop, one call at a time;
 * it must not block. A call that throws is logged; a request whose handling throws fails as
 * indeterminate; the connection and other services go on.
 */
public interface Handler {
  /** A handler for a service that only asks. Drops messages, refuses requests. */
  Handler NONE = new Handler() {};

  /**
   * A one-way message has arrived.
   *
   * @param from the peer, as proven by its handshake
   * @param payload the receiver's own; it may keep it
   */
  default void onMessage(NodeId from, byte[] payload) {}

  /** A request has arrived; it is to be answered exactly once, now or later. */
  default void onRequest(Request request) {
    request.refuse("service takes no requests");
  }

  /** A peer has become reachable: a connection to or from it has completed its handshake. */
  default void onConnected(NodeId peer) {}

  /** The last connection to and from {@code peer} has gone. A hint: it may be back already. */
  default void onDisconnected(NodeId peer) {}

  /** There is room again for messages to {@code peer}, see {@link Endpoint#isWritable}. */
  default void onWritable(NodeId peer) {}
}
