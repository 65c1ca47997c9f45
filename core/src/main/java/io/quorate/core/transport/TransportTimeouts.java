package io.quorate.core.transport;

import java.time.Duration;

/**
 * How long a transport waits. All are at least a millisecond and at most a day.
 *
 * @param connect for the network to connect
 * @param handshake for both sides to prove who they are, TLS included
 * @param frameProgress for a frame that has begun to end, or to make 64 KiB of progress
 * @param idle without a sign of life before a connection counts as dead; pings go out three times
 *     as often
 * @param backoffMin before the first attempt to connect again; doubles from one to the next
 * @param backoffMax the most between two attempts
 */
public record TransportTimeouts(
    Duration connect,
    Duration handshake,
    Duration frameProgress,
    Duration idle,
    Duration backoffMin,
    Duration backoffMax) {
  private static final Duration LEAST = Duration.ofMillis(1);
  private static final Duration MOST = Duration.ofDays(1);

  public TransportTimeouts {
    require("connect", connect);
    require("handshake", handshake);
    require("frameProgress", frameProgress);
    require("idle", idle);
    require("backoffMin", backoffMin);
    require("backoffMax", backoffMax);
    if (backoffMin.compareTo(backoffMax) > 0) {
      throw new IllegalArgumentException(
          "backoffMin must be at most backoffMax, was " + backoffMin + " of " + backoffMax);
    }
  }

  /** 5 s to connect, 5 s to shake hands, 10 s for a frame, 15 s idle, back-off of 50 ms to 5 s. */
  public static TransportTimeouts defaults() {
    return new TransportTimeouts(
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(15),
        Duration.ofMillis(50),
        Duration.ofSeconds(5));
  }

  public TransportTimeouts withConnect(Duration connect) {
    return new TransportTimeouts(connect, handshake, frameProgress, idle, backoffMin, backoffMax);
  }

  public TransportTimeouts withHandshake(Duration handshake) {
    return new TransportTimeouts(connect, handshake, frameProgress, idle, backoffMin, backoffMax);
  }

  public TransportTimeouts withFrameProgress(Duration frameProgress) {
    return new TransportTimeouts(connect, handshake, frameProgress, idle, backoffMin, backoffMax);
  }

  public TransportTimeouts withIdle(Duration idle) {
    return new TransportTimeouts(connect, handshake, frameProgress, idle, backoffMin, backoffMax);
  }

  /** Both ends of the back-off. */
  public TransportTimeouts withBackoff(Duration backoffMin, Duration backoffMax) {
    return new TransportTimeouts(connect, handshake, frameProgress, idle, backoffMin, backoffMax);
  }

  private static void require(String name, Duration value) {
    if (value.compareTo(LEAST) < 0 || value.compareTo(MOST) > 0) {
      throw new IllegalArgumentException(
          name + " must be " + LEAST + " to " + MOST + ", was " + value);
    }
  }
}
