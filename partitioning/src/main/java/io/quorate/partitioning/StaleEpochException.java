package io.quorate.partitioning;

/**
 * A request was routed by a placement of another epoch than the one in force. It has had no effect:
 * route it again by {@link #currentEpoch()}.
 */
public final class StaleEpochException extends IllegalStateException {
  private final long requestEpoch;
  private final long currentEpoch;

  StaleEpochException(long requestEpoch, long currentEpoch) {
    super("epoch must be " + currentEpoch + ", was " + requestEpoch);
    this.requestEpoch = requestEpoch;
    this.currentEpoch = currentEpoch;
  }

  /** The epoch by which the request was routed. */
  public long requestEpoch() {
    return requestEpoch;
  }

  /** The epoch in force here. */
  public long currentEpoch() {
    return currentEpoch;
  }
}
