package io.quorate.resilience;

/** An attempt, or the call as a whole, took too long. It may have taken effect, or may yet. */
public final class TimedOutException extends RuntimeException {
  private final boolean deadline;

  TimedOutException(String name, boolean deadline, long nanos) {
    super(
        (deadline ? "deadline passed during a call of " : "attempt timed out in a call of ")
            + name
            + " after "
            + nanos
            + " ns",
        null,
        true,
        false);
    this.deadline = deadline;
  }

  /** Always true; fits where failures are asked whether they may have taken effect. */
  public boolean mayHaveTakenEffect() {
    return true;
  }

  /** Whether the time of the whole call is up, not only that of one attempt. */
  public boolean isDeadline() {
    return deadline;
  }
}
