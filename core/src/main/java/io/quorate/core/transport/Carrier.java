package io.quorate.core.transport;

import io.quorate.core.NodeId;

/** What a {@link ServiceEndpoint} needs of its transport. Safe for use by many threads. */
interface Carrier {
  boolean send(ServiceEndpoint from, NodeId to, byte[] payload);

  /** Takes over {@code request}, whose future it completes in every case. */
  void request(OutgoingRequest request);

  /** The caller has cancelled {@code request}, whose future is complete. */
  void cancel(OutgoingRequest request);

  boolean isWritable(NodeId to);

  /** {@code endpoint} takes nothing any more; its requests are to fail. */
  void closed(ServiceEndpoint endpoint);

  int maxPayloadBytes();

  /** See {@link Endpoint#flush}. */
  default void flush() {}

  /** See {@link Endpoint#array}. */
  default byte[] array(int bytes) {
    return new byte[bytes];
  }

  /** See {@link Endpoint#recycle}. */
  default void recycle(byte[] payload) {}

  long monotonicNanos();
}
