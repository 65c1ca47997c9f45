package io.quorate.core.transport;

import io.quorate.core.EventLoop;

/** Small messages that may be lost, duplicated or reordered, such as UDP's. */
public interface Datagrams {
  /**
   * Starts to receive at {@code local}.
   *
   * @param local port 0 asks for any free one
   * @param loop where {@code receiver} is called
   */
  Socket bind(Address local, EventLoop loop, Receiver receiver);

  /** Takes what has arrived. Must not block. */
  interface Receiver {
    /**
     * A datagram has arrived.
     *
     * @param from the sender as the network tells it; proves nothing
     * @param payload the receiver's own
     */
    void onDatagram(Address from, byte[] payload);
  }

  /** One bound socket. Safe for use by many threads. */
  interface Socket extends AutoCloseable {
    /** Where this socket receives, with the port that was really bound. */
    Address address();

    /**
     * Sends {@code payload}, or drops it if the network has no room.
     *
     * @param payload at most {@link #MAX_PAYLOAD_BYTES}; not copied, do not modify
     */
    void send(Address to, byte[] payload);

    @Override
    void close();
  }

  /** The most that one datagram carries: what fits a 1,500-byte frame under IPv6 and UDP. */
  int MAX_PAYLOAD_BYTES = 1_400;
}
