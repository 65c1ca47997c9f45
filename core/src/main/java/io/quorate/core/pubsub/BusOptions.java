package io.quorate.core.pubsub;

import io.quorate.core.Text;
import java.time.Duration;
import java.util.Objects;

/**
 * How a bus uses its broker.
 *
 * @param name tells buses of one node apart in sessions, threads and metrics; a {@linkplain
 *     Text#requireName name} of at most 24 characters
 * @param timeout for the broker to answer; at least a millisecond
 * @param lease how long the broker keeps the bus's subscriptions without a sign of life; at least 3
 *     ms. Signs go out three times as often
 * @param maxPending publishes of the bus that have no answer yet; more are refused. At least 1
 * @param maxPendingBytes the bytes of those; at least 1
 * @param maxBatch the most messages or settlements in one command; 1 to 65,536
 * @param maxBatchBytes the most bytes of messages in one command, if it has more than one; at least
 *     1
 * @param acknowledgeDelay how long acknowledgements that nobody waits for gather before they are
 *     sent, unless half of a subscription's credits do before; those that the bus makes for the
 *     subscriber. What a lost bus had not sent comes again. 0 to 1 s
 */
public record BusOptions(
    String name,
    Duration timeout,
    Duration lease,
    int maxPending,
    long maxPendingBytes,
    int maxBatch,
    int maxBatchBytes,
    Duration acknowledgeDelay) {
  public BusOptions {
    Text.requireName("bus name", name);
    Objects.requireNonNull(timeout, "timeout");
    Objects.requireNonNull(lease, "lease");
    Objects.requireNonNull(acknowledgeDelay, "acknowledgeDelay");
    check(name.length() <= 24, "bus name must have at most 24 characters, was " + name);
    check(timeout.compareTo(Duration.ofMillis(1)) >= 0, "timeout must be at least 1 ms");
    check(
        lease.compareTo(Duration.ofMillis(3)) >= 0 && lease.compareTo(Duration.ofDays(1)) <= 0,
        "lease must be 3 ms to 1 day, was " + lease);
    check(maxPending >= 1, "maxPending must be at least 1, was " + maxPending);
    check(maxPendingBytes >= 1, "maxPendingBytes must be at least 1, was " + maxPendingBytes);
    check(maxBatch >= 1 && maxBatch <= 65_536, "maxBatch must be 1 to 65,536, was " + maxBatch);
    check(maxBatchBytes >= 1, "maxBatchBytes must be at least 1, was " + maxBatchBytes);
    check(
        !acknowledgeDelay.isNegative() && acknowledgeDelay.compareTo(Duration.ofSeconds(1)) <= 0,
        "acknowledgeDelay must be 0 to 1 s, was " + acknowledgeDelay);
  }

  /**
   * 10 s for an answer, a lease of 15 s, 65,536 publishes of 64 MiB pending, batches of 1,024
   * messages and 1 MiB, acknowledgements gathered for 10 ms.
   */
  public static BusOptions defaults() {
    return new BusOptions(
        "bus", Duration.ofSeconds(10), Duration.ofSeconds(15), 65_536, 64L << 20, 1_024, 1 << 20,
        Duration.ofMillis(10));
  }

  public BusOptions withName(String name) {
    return new BusOptions(
        name, timeout, lease, maxPending, maxPendingBytes, maxBatch, maxBatchBytes,
        acknowledgeDelay);
  }

  public BusOptions withTimeout(Duration timeout) {
    return new BusOptions(
        name, timeout, lease, maxPending, maxPendingBytes, maxBatch, maxBatchBytes,
        acknowledgeDelay);
  }

  public BusOptions withLease(Duration lease) {
    return new BusOptions(
        name, timeout, lease, maxPending, maxPendingBytes, maxBatch, maxBatchBytes,
        acknowledgeDelay);
  }

  /** Both bounds of what waits to be published. */
  public BusOptions withPending(int maxPending, long maxPendingBytes) {
    return new BusOptions(
        name, timeout, lease, maxPending, maxPendingBytes, maxBatch, maxBatchBytes,
        acknowledgeDelay);
  }

  /** Both bounds of one command. */
  public BusOptions withBatch(int maxBatch, int maxBatchBytes) {
    return new BusOptions(
        name, timeout, lease, maxPending, maxPendingBytes, maxBatch, maxBatchBytes,
        acknowledgeDelay);
  }

  public BusOptions withAcknowledgeDelay(Duration acknowledgeDelay) {
    return new BusOptions(
        name, timeout, lease, maxPending, maxPendingBytes, maxBatch, maxBatchBytes,
        acknowledgeDelay);
  }

  private static void check(boolean valid, String problem) {
    if (!valid) {
      throw new IllegalArgumentException(problem);
    }
  }
}
