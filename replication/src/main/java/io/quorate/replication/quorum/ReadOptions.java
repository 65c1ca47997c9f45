package io.quorate.replication.quorum;

import java.time.Duration;

/**
 * How to read.
 *
 * @param consistency how many replicas to ask
 * @param timeout when to give up; more than 0
 */
public record ReadOptions(Consistency consistency, Duration timeout) {
  public ReadOptions {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout must be more than 0, was " + timeout);
    }
  }

  /** At {@code consistency}, for two seconds at most. */
  public static ReadOptions at(Consistency consistency) {
    return new ReadOptions(consistency, Duration.ofSeconds(2));
  }

  public ReadOptions withTimeout(Duration timeout) {
    return new ReadOptions(consistency, timeout);
  }
}
