package io.quorate.core;

/**
 * Tells the time. Safe for use by many threads.
 *
 * <p>The two readings are never mixed: intervals, timeouts and leases use the monotonic one; wall
 * time is data (time stamps, file names) and orders nothing.
 */
public interface Clock {
  /**
   * Nanoseconds since an arbitrary origin; never goes back. May be negative and may wrap: subtract
   * two readings, then compare the difference with zero.
   */
  long monotonicNanos();

  /** Milliseconds since 1970-01-01T00:00Z as this machine believes; may jump either way. */
  long wallMillis();
}
