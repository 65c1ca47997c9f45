package io.quorate.core.membership;

/**
 * Judges from a stream of heartbeats whether their sender is still there. Not safe for use by several
 * threads: belongs to one event loop.
 */
public interface FailureDetector {
  /** A heartbeat arrived at {@code nowNanos} on the monotonic clock. */
  void heartbeat(long nowNanos);

  /** Whether the sender is believed to be there at {@code nowNanos}; true before any heartbeat. */
  boolean isAvailable(long nowNanos);
}
