package io.quorate.resilience;

/**
 * A call was refused here, before it was sent: it has had no effect and never will. Refusals are
 * not retried by this library and do not count against the one that would have been called.
 *
 * <p>Made to be cheap: no stack trace, and the message is put together when it is asked for.
 */
public abstract class RejectedException extends RuntimeException {
  private RejectedException() {
    super(null, null, false, false);
  }

  /** Always false; fits where failures are asked whether they may have taken effect. */
  public final boolean mayHaveTakenEffect() {
    return false;
  }

  /** In how long another try may be let in, as far as is known now; 0 if it is not. */
  public long retryAfterNanos() {
    return 0;
  }

  /** A circuit breaker is open, or half-open with all its probes out. */
  public static final class CircuitOpen extends RejectedException {
    private final CircuitBreaker breaker;

    CircuitOpen(CircuitBreaker breaker) {
      this.breaker = breaker;
    }

    @Override
    public String getMessage() {
      return "circuit breaker " + breaker.name() + " is open";
    }

    @Override
    public long retryAfterNanos() {
      return breaker.openForNanos();
    }
  }

  /** A limit on concurrency or rate is reached, or the callee is being spared. */
  public static final class LimitExceeded extends RejectedException {
    private final Limiter limiter;

    LimitExceeded(Limiter limiter) {
      this.limiter = limiter;
    }

    @Override
    public String getMessage() {
      return "limit reached: " + limiter;
    }

    @Override
    public long retryAfterNanos() {
      return limiter.retryAfterNanos();
    }
  }

  /** The deadline had passed before the call was sent. */
  public static final class DeadlineExceeded extends RejectedException {
    private final String name;

    DeadlineExceeded(String name) {
      this.name = name;
    }

    @Override
    public String getMessage() {
      return "deadline passed before " + name + " was called";
    }
  }

  /** There is no target to send the call to. */
  public static final class NoTarget extends RejectedException {
    private final String name;

    NoTarget(String name) {
      this.name = name;
    }

    @Override
    public String getMessage() {
      return "no target is available for " + name;
    }
  }
}
