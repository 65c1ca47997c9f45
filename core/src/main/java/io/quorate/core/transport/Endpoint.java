package io.quorate.core.transport;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** One service on one node: sends to the same service on other nodes. Safe for many threads. */
public interface Endpoint extends AutoCloseable {
  /**
   * Sends a message that is not answered. Nothing tells whether it arrived.
   *
   * @param payload not copied, do not modify; at most {@link TransportLimits#maxPayloadBytes}
   * @return whether it was taken; false, and nothing is sent, if {@code to} is unknown or cannot be
   *     reached now, or too much is waiting to be sent to it (see {@link #isWritable})
   * @throws IllegalArgumentException if the payload is over the maximum
   */
  boolean send(NodeId to, byte[] payload);

  /**
   * Sends a request and waits, without blocking, for its answer.
   *
   * <p>The future completes on the endpoint's event loop, or before this returns: with the answer's
   * payload; or with {@link io.quorate.core.RefusedException} if the request was not sent or the
   * other side refused it; or with {@link io.quorate.core.IndeterminateException} if no answer came
   * before {@code timeout}, the connection broke, or the other side failed. Cancelling the future
   * tells the other side, if it has not begun, not to bother. The remaining time travels with the
   * request.
   *
   * @param payload not copied, do not modify; at most {@link TransportLimits#maxPayloadBytes}
   * @param timeout more than 0
   * @throws IllegalArgumentException if the payload is over the maximum
   */
  CompletableFuture<byte[]> request(NodeId to, byte[] payload, Duration timeout);

  /**
   * Whether there is room for messages to {@code to}. False from the moment more than the
   * high-water mark waits to be sent until less than the low-water mark does; meanwhile {@link
   * #send} and {@link #request} to it are refused. {@link Handler#onWritable} tells when it turns
   * true again.
   */
  boolean isWritable(NodeId to);

  /**
   * Has what was sent leave now, and not at the end of this turn of the loop: for a last word before
   * much else is to be done. On the endpoint's loop; what goes over a connection of another loop
   * does not wait for this one anyway.
   */
  default void flush() {}

  /**
   * An array for a payload: a {@linkplain #recycle recycled} one of this very length, or a new one.
   *
   * @param bytes at least 0
   * @return with arbitrary content
   */
  default byte[] array(int bytes) {
    return new byte[bytes];
  }

  /**
   * Gives back an array that nobody uses any more, so that later payloads of the same length need no
   * new one: a payload that has arrived here, or that of a request that has been answered. Of one
   * that has failed nobody knows whether it is still to be sent: that must not be given back.
   */
  default void recycle(byte[] payload) {}

  /** Stops receiving; pending requests fail. May be called twice. */
  @Override
  void close();
}
