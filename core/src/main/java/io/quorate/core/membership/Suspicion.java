package io.quorate.core.membership;

import io.quorate.core.NodeId;
import java.util.TreeSet;

/**
 * How long a suspect has to refute. Starts long, since the accuser may be the one that is slow, and
 * shrinks with every independent confirmation.
 *
 * @see <a href="https://arxiv.org/abs/1707.00788">Lifeguard, section IV-B</a>
 */
final class Suspicion {
  private final long beganNanos;
  private final long minNanos;
  private final long maxNanos;
  private final int wanted;
  private final TreeSet<NodeId> accusers = new TreeSet<>();
  private long extraNanos;

  /**
   * A suspicion with one accuser.
   *
   * @param wanted confirmations after which the shortest time applies; 0 if it applies at once
   */
  Suspicion(NodeId accuser, long nowNanos, long minNanos, long maxNanos, int wanted) {
    this.beganNanos = nowNanos;
    this.minNanos = minNanos;
    this.maxNanos = maxNanos;
    this.wanted = wanted;
    accusers.add(accuser);
  }

  /** Whether {@code accuser} is a new one and worth telling others about. */
  boolean confirm(NodeId accuser) {
    return accusers.size() - 1 < wanted && accusers.add(accuser);
  }

  /** The member had no chance to be heard for {@code nanos}, because this node was stalled. */
  void extend(long nanos) {
    extraNanos += nanos;
  }

  long deadlineNanos() {
    return beganNanos + extraNanos + timeoutNanos();
  }

  private long timeoutNanos() {
    if (wanted == 0) {
      return minNanos;
    }
    double share = Math.log(accusers.size()) / Math.log(wanted + 1.0);
    return Math.max(minNanos, (long) (maxNanos - share * (maxNanos - minNanos)));
  }
}
