package io.quorate.resilience;

/** One attempt of a call, as the callee may look at it. Safe for use by many threads. */
public interface Attempt {
  /** 1 for the first; counts retries and hedges. */
  int number();

  /** Whether it is sent while an earlier attempt of the same call is still out. */
  boolean isHedge();

  /** What is left for it, by deadline and attempt timeout; send it along. */
  long remainingNanos();

  /** Until when it is of use; give it to guards further in by {@link Guard#within}. */
  Deadline deadline();

  /** Whether nobody waits for it any more: timed out, cancelled, or another attempt has won. */
  boolean isCancelled();
}
