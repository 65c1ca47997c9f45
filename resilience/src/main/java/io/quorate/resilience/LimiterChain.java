package io.quorate.resilience;

import java.util.List;

/**
 * Several limiters that must all agree. At most one of them may count who is in: its token is the
 * chain's, and it is asked first, so that a refusal by a later one can be undone.
 */
final class LimiterChain implements Limiter {
  private final Limiter holder;
  private final Limiter[] gates;

  private LimiterChain(Limiter holder, Limiter[] gates) {
    this.holder = holder;
    this.gates = gates;
  }

  static Limiter of(List<Limiter> limiters) {
    if (limiters.size() == 1) {
      return limiters.get(0);
    }
    List<Limiter> holders = limiters.stream().filter(limiter -> !isGate(limiter)).toList();
    if (holders.size() > 1) {
      throw new IllegalArgumentException(
          "a guard takes one limit on concurrency, nest guards for more, was " + holders);
    }
    Limiter[] gates = limiters.stream().filter(LimiterChain::isGate).toArray(Limiter[]::new);
    return new LimiterChain(holders.isEmpty() ? null : holders.get(0), gates);
  }

  private static boolean isGate(Limiter limiter) {
    return limiter instanceof RateLimiter || limiter instanceof Throttle;
  }

  @Override
  public long tryAcquire(long nowNanos) {
    long token = holder == null ? UNIT : holder.tryAcquire(nowNanos);
    if (token <= 0) {
      return token;
    }
    for (int i = 0; i < gates.length; i++) {
      if (gates[i].tryAcquire(nowNanos) <= 0) {
        if (holder != null) {
          holder.release(token, Outcome.IGNORED, nowNanos);
        }
        return -1 - i;
      }
    }
    return token;
  }

  @Override
  public void release(long token, Outcome outcome, long nowNanos) {
    if (holder != null) {
      holder.release(token, outcome, nowNanos);
    }
    for (Limiter gate : gates) {
      gate.release(UNIT, outcome, nowNanos);
    }
  }

  /** Who has refused with {@code token}. */
  static Limiter refuser(Limiter limiter, long token) {
    if (limiter instanceof LimiterChain chain) {
      return token == 0 ? chain.holder : chain.gates[(int) (-1 - token)];
    }
    return limiter;
  }
}
