package io.quorate.core.sim;

import io.quorate.core.transport.TransportLimits;
import java.time.Duration;

/**
 * How messages travel. Latency is a minimum plus an exponentially distributed rest; one message in
 * a thousand takes a hundred times as long.
 *
 * @param minLatency one way
 * @param meanExtraLatency mean of what comes on top
 * @param loss probability that a datagram, or a segment of a connection, is lost; a connection
 *     sends it again, which takes 200 ms
 * @param duplication probability that a datagram arrives twice
 * @param corruption probability that a frame arrives damaged, which breaks its connection
 * @param idleTimeout a side of a connection that has heard nothing for so long closes it
 * @param limits how much a transport takes before it refuses; those on accepted connections are not
 *     simulated
 */
public record NetworkOptions(
    Duration minLatency,
    Duration meanExtraLatency,
    double loss,
    double duplication,
    double corruption,
    Duration idleTimeout,
    TransportLimits limits) {
  public NetworkOptions {
    SimulationOptions.positiveNanos(minLatency, "minLatency");
    if (meanExtraLatency.isNegative()) {
      throw new IllegalArgumentException(
          "meanExtraLatency must not be negative, was " + meanExtraLatency);
    }
    SimulationOptions.probability(loss, "loss");
    SimulationOptions.probability(duplication, "duplication");
    SimulationOptions.probability(corruption, "corruption");
    SimulationOptions.positiveNanos(idleTimeout, "idleTimeout");
    if (limits == null) {
      throw new IllegalArgumentException("limits must be given");
    }
  }

  /** Machines of one data centre: 100 to 300 microseconds, nothing lost. */
  public static NetworkOptions lan() {
    return new NetworkOptions(
        Duration.ofNanos(100_000),
        Duration.ofNanos(100_000),
        0,
        0,
        0,
        Duration.ofSeconds(3),
        TransportLimits.defaults());
  }

  /** Machines of several continents: 40 ms and more, one segment in a thousand lost. */
  public static NetworkOptions wan() {
    return lan()
        .withLatency(Duration.ofMillis(40), Duration.ofMillis(10))
        .withLoss(0.001)
        .withDuplication(0.001);
  }

  public NetworkOptions withLatency(Duration minLatency, Duration meanExtraLatency) {
    return new NetworkOptions(
        minLatency, meanExtraLatency, loss, duplication, corruption, idleTimeout, limits);
  }

  public NetworkOptions withLoss(double loss) {
    return new NetworkOptions(
        minLatency, meanExtraLatency, loss, duplication, corruption, idleTimeout, limits);
  }

  public NetworkOptions withDuplication(double duplication) {
    return new NetworkOptions(
        minLatency, meanExtraLatency, loss, duplication, corruption, idleTimeout, limits);
  }

  public NetworkOptions withCorruption(double corruption) {
    return new NetworkOptions(
        minLatency, meanExtraLatency, loss, duplication, corruption, idleTimeout, limits);
  }

  public NetworkOptions withIdleTimeout(Duration idleTimeout) {
    return new NetworkOptions(
        minLatency, meanExtraLatency, loss, duplication, corruption, idleTimeout, limits);
  }

  public NetworkOptions withLimits(TransportLimits limits) {
    return new NetworkOptions(
        minLatency, meanExtraLatency, loss, duplication, corruption, idleTimeout, limits);
  }
}
