package io.quorate.core.transport;

import io.quorate.core.NodeId;

/**
 * A request from another node. Answered once; what comes after the first answer is ignored. Safe
 * for use by many threads.
 */
public interface Request {
  /** The peer, as proven by its handshake. */
  NodeId from();

  /** The receiver's own; it may keep it. */
  byte[] payload();

  /** Time left until the caller gives up, by this node's monotonic clock; not negative. */
  long remainingNanos();

  /** Whether the caller has given up: cancelled, timed out or disconnected. */
  boolean isCancelled();

  /**
   * Answers with {@code payload}; not copied, do not modify.
   *
   * @throws IllegalArgumentException if it is over {@link TransportLimits#maxPayloadBytes}
   */
  void respond(byte[] payload);

  /**
   * Answers with {@code payload}, and leaves the array to the transport for later payloads of the
   * same length, see {@link Endpoint#recycle}: nobody may use it any more.
   *
   * @throws IllegalArgumentException if it is over {@link TransportLimits#maxPayloadBytes}
   */
  default void respondAndRecycle(byte[] payload) {
    respond(payload);
  }

  /** Answers that the request has had no effect and never will. */
  void refuse(String reason);

  /** Answers that the request failed and may have had an effect. */
  void fail(String reason);
}
