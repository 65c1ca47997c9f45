package io.quorate.replication.quorum;

import java.time.Duration;
import java.util.Optional;

/**
 * How to write.
 *
 * @param consistency how many replicas to wait for
 * @param timeout when to give up; more than 0
 * @param timeToLive after which time the value becomes absent; part of what is replicated, so
 *     repair does not bring it back. Judged by the wall clock of whoever reads
 */
public record WriteOptions(
    Consistency consistency, Duration timeout, Optional<Duration> timeToLive) {
  public WriteOptions {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout must be more than 0, was " + timeout);
    }
    timeToLive.ifPresent(
        ttl -> {
          if (ttl.isNegative() || ttl.toMillis() == 0) {
            throw new IllegalArgumentException("timeToLive must be at least 1 ms, was " + ttl);
          }
        });
  }

  /** At {@code consistency}, for two seconds at most, for ever. */
  public static WriteOptions at(Consistency consistency) {
    return new WriteOptions(consistency, Duration.ofSeconds(2), Optional.empty());
  }

  public WriteOptions withTimeout(Duration timeout) {
    return new WriteOptions(consistency, timeout, timeToLive);
  }

  public WriteOptions withTimeToLive(Duration timeToLive) {
    return new WriteOptions(consistency, timeout, Optional.of(timeToLive));
  }
}
