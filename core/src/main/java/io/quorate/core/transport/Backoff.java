package io.quorate.core.transport;

import java.util.random.RandomGenerator;

/** Delays between attempts: doubling up to a maximum, each drawn from its upper half. */
final class Backoff {
  private final long minNanos;
  private final long maxNanos;
  private final RandomGenerator random;
  private long nextNanos;

  Backoff(TransportTimeouts timeouts, RandomGenerator random) {
    this.minNanos = timeouts.backoffMin().toNanos();
    this.maxNanos = timeouts.backoffMax().toNanos();
    this.random = random;
    this.nextNanos = minNanos;
  }

  long nextNanos() {
    long delay = nextNanos;
    nextNanos = Math.min(maxNanos, 2 * delay);
    return delay - random.nextLong(delay / 2 + 1);
  }

  void reset() {
    nextNanos = minNanos;
  }
}
