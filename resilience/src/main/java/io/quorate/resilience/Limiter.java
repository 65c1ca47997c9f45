package io.quorate.resilience;

/**
 * Decides whether a call may go out now. Safe for use by many threads; allocates nothing. None of
 * the limiters queues: what is over the limit is refused at once.
 */
public interface Limiter {
  /** The token of limiters that need not know which call has ended. */
  long UNIT = 1;

  /**
   * Asks for a permit.
   *
   * @return a token, above 0; or 0 or less if refused
   */
  long tryAcquire(long nowNanos);

  /** Ends the call behind {@code token}. The first time counts, later ones do nothing. */
  void release(long token, Outcome outcome, long nowNanos);

  /** In how long a permit may be free, as far as is known; 0 if it is not. */
  default long retryAfterNanos() {
    return 0;
  }
}
