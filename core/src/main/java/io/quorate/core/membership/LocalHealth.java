package io.quorate.core.membership;

/**
 * How well this member itself seems to be doing: 0 is well, 8 is very badly. Missed answers that
 * others would have given raise it, answers in time lower it; the higher it is, the more patiently
 * this member probes.
 *
 * @see <a href="https://arxiv.org/abs/1707.00788">Lifeguard, section IV-A</a>
 */
final class LocalHealth {
  private final int worst;
  private int score;

  LocalHealth(int worst) {
    this.worst = worst;
  }

  int score() {
    return score;
  }

  void worse(int by) {
    score = Math.min(worst, score + by);
  }

  void better() {
    score = Math.max(0, score - 1);
  }

  /** {@code nanos}, stretched as this member's health demands. */
  long stretch(long nanos) {
    return nanos * (score + 1);
  }
}
