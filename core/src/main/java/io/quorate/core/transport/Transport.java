package io.quorate.core.transport;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;

/**
 * Carries messages between the nodes of one cluster. Safe for use by many threads.
 *
 * <p>A component opens an {@link Endpoint} under the name of its service; messages go to the
 * endpoint of the same name on another node. Between two nodes, one-way messages of one service
 * arrive in the order sent, or not at all; there is no promise that any one arrives. Connections
 * are made when first needed, kept, and made again with a jittered back-off after they break.
 */
public interface Transport {
  /** The node whose messages this transport carries. */
  NodeId self();

  /** Where this node accepts its peers, with the port that was really bound. */
  Address address();

  /**
   * Says where {@code peer} is to be reached from here; replaces what was said before and drops a
   * connection to the former address. Messages to a node that was never named are refused.
   *
   * @throws IllegalArgumentException if {@code peer} is this node, which needs no network to itself
   */
  void setPeer(NodeId peer, Address address);

  /** Forgets {@code peer}: closes connections to it; pending requests to it fail. */
  void removePeer(NodeId peer);

  /**
   * Opens the endpoint of {@code service} on this node. Messages, completions and notices of this
   * endpoint run on {@code loop}.
   *
   * @param service a {@linkplain io.quorate.core.Text#requireName name}
   * @throws IllegalStateException if the service is open already, or the transport is closed
   */
  Endpoint open(String service, EventLoop loop, Handler handler);
}
