package io.quorate.core.transport;

/**
 * How much a transport takes before it refuses.
 *
 * @param maxPayloadBytes the largest payload of one message, sent or received; 1 KiB to 1 GiB
 * @param highWaterBytes once more than this waits to be sent to one peer, messages to it are
 *     refused
 * @param lowWaterBytes once less than this waits, they are taken again; below {@code
 *     highWaterBytes}
 * @param maxRequestsInFlight requests that may wait for an answer on one connection; more are
 *     refused
 * @param maxRequestBytesInFlight payloads of requests on one connection that this node has taken
 *     and not answered; what is more is refused; at least {@code maxPayloadBytes}
 * @param maxConnections connections accepted at a time; more are closed at once
 * @param maxHandshakesPerAddress accepted connections from one IP address that have not proven who
 *     they are; more are closed at once
 */
public record TransportLimits(
    int maxPayloadBytes,
    int highWaterBytes,
    int lowWaterBytes,
    int maxRequestsInFlight,
    int maxRequestBytesInFlight,
    int maxConnections,
    int maxHandshakesPerAddress) {
  public TransportLimits {
    require("maxPayloadBytes", maxPayloadBytes, 1 << 10, 1 << 30);
    require("highWaterBytes", highWaterBytes, 1, 1 << 30);
    require("lowWaterBytes", lowWaterBytes, 1, highWaterBytes);
    require("maxRequestsInFlight", maxRequestsInFlight, 1, 1 << 24);
    require("maxRequestBytesInFlight", maxRequestBytesInFlight, maxPayloadBytes, 1 << 30);
    require("maxConnections", maxConnections, 1, 1 << 20);
    require("maxHandshakesPerAddress", maxHandshakesPerAddress, 1, maxConnections);
  }

  /**
   * 4 MiB a payload, 8 and 4 MiB of water marks, 16,384 requests of 64 MiB in flight, 1,024
   * connections, 64 handshakes an address.
   */
  public static TransportLimits defaults() {
    return new TransportLimits(4 << 20, 8 << 20, 4 << 20, 16_384, 64 << 20, 1_024, 64);
  }

  public TransportLimits withMaxPayloadBytes(int maxPayloadBytes) {
    return new TransportLimits(
        maxPayloadBytes,
        highWaterBytes,
        lowWaterBytes,
        maxRequestsInFlight,
        maxRequestBytesInFlight,
        maxConnections,
        maxHandshakesPerAddress);
  }

  /** Both water marks. */
  public TransportLimits withWaterMarkBytes(int highWaterBytes, int lowWaterBytes) {
    return new TransportLimits(
        maxPayloadBytes,
        highWaterBytes,
        lowWaterBytes,
        maxRequestsInFlight,
        maxRequestBytesInFlight,
        maxConnections,
        maxHandshakesPerAddress);
  }

  public TransportLimits withMaxRequestsInFlight(int maxRequestsInFlight) {
    return new TransportLimits(
        maxPayloadBytes,
        highWaterBytes,
        lowWaterBytes,
        maxRequestsInFlight,
        maxRequestBytesInFlight,
        maxConnections,
        maxHandshakesPerAddress);
  }

  public TransportLimits withMaxRequestBytesInFlight(int maxRequestBytesInFlight) {
    return new TransportLimits(
        maxPayloadBytes,
        highWaterBytes,
        lowWaterBytes,
        maxRequestsInFlight,
        maxRequestBytesInFlight,
        maxConnections,
        maxHandshakesPerAddress);
  }

  /** Both limits on accepted connections. */
  public TransportLimits withMaxConnections(int maxConnections, int maxHandshakesPerAddress) {
    return new TransportLimits(
        maxPayloadBytes,
        highWaterBytes,
        lowWaterBytes,
        maxRequestsInFlight,
        maxRequestBytesInFlight,
        maxConnections,
        maxHandshakesPerAddress);
  }

  private static void require(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " must be " + min + " to " + max + ", was " + value);
    }
  }
}
