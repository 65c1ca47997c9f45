package io.quorate.core.sim;

import java.time.Duration;

/**
 * How messages travel. Latency is a minimum plus an exponentially distributed rest; one message in a
 * thousand takes a hundred times as long.
 *
 * @param minLatency one way
 * @param meanExtraLatency mean of what comes on top
 * @param loss probability that a datagram, or a segment of a connection, is lost; a connection
 *     sends it again, which takes 200 ms
 * @param duplication probability that a datagram arrives twice
 * @param corruption probability that a frame arrives damaged, which breaks its connection
 * @param idleTimeout a side of a connection that has heard nothing for so long closes it
 * @param highWaterBytes while more than this waits for a peer, sending to it is refused until less
 *     than half does
 * @param maxFrameBytes larger payloads are the caller's mistake
 */
public record NetworkOptions(
    Duration minLatency,
    Duration meanExtraLatency,
    double loss,
    double duplication,
    double corruption,
    Duration idleTimeout,
    long highWaterBytes,
    int maxFrameBytes) {
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
    if (highWaterBytes < 1) {
      throw new IllegalArgumentException("highWaterBytes must be at least 1, was " + highWaterBytes);
    }
    if (maxFrameBytes < 1) {
      throw new IllegalArgumentException("maxFrameBytes must be at least 1, was " + maxFrameBytes);
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
        16L << 20,
        4 << 20);
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
        minLatency,
        meanExtraLatency,
        loss,
        duplication,
        corruption,
        idleTimeout,
        highWaterBytes,
        maxFrameBytes);
  }

  public NetworkOptions withLoss(double loss) {
    return new NetworkOptions(
        minLatency,
        meanExtraLatency,
        loss,
        duplication,
        corruption,
        idleTimeout,
        highWaterBytes,
        maxFrameBytes);
  }

  public NetworkOptions withDuplication(double duplication) {
    return new NetworkOptions(
        minLatency,
        meanExtraLatency,
        loss,
        duplication,
        corruption,
        idleTimeout,
        highWaterBytes,
        maxFrameBytes);
  }

  public NetworkOptions withCorruption(double corruption) {
    return new NetworkOptions(
        minLatency,
        meanExtraLatency,
        loss,
        duplication,
        corruption,
        idleTimeout,
        highWaterBytes,
        maxFrameBytes);
  }

  public NetworkOptions withIdleTimeout(Duration idleTimeout) {
    return new NetworkOptions(
        minLatency,
        meanExtraLatency,
        loss,
        duplication,
        corruption,
        idleTimeout,
        highWaterBytes,
        maxFrameBytes);
  }

  public NetworkOptions withHighWaterBytes(long highWaterBytes) {
    return new NetworkOptions(
        minLatency,
        meanExtraLatency,
        loss,
        duplication,
        corruption,
        idleTimeout,
        highWaterBytes,
        maxFrameBytes);
  }

  public NetworkOptions withMaxFrameBytes(int maxFrameBytes) {
    return new NetworkOptions(
        minLatency,
        meanExtraLatency,
        loss,
        duplication,
        corruption,
        idleTimeout,
        highWaterBytes,
        maxFrameBytes);
  }
}
