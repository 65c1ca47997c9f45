package io.quorate.resilience.balance;

/**
 * Turns a stream of good and bad answers into a state that does not change with every one of them.
 * For use by one thread at a time.
 */
final class Hysteresis {
  /** Who falls within this many answers of having risen is taken to flap. */
  private static final int STABLE_AFTER = 60;

  private static final int MAX_RISE_FACTOR = 8;

  private final int rise;
  private final int fall;

  private boolean known;
  private boolean healthy;
  private int streak;
  private int riseNeeded;
  private int sinceRise = STABLE_AFTER;

  Hysteresis(int rise, int fall) {
    this.rise = rise;
    this.fall = fall;
    this.riseNeeded = rise;
  }

  boolean healthy() {
    return healthy;
  }

  /** Takes in one answer; true if the state has changed by it, or is known by it. */
  boolean accept(boolean good) {
    if (!known) {
      known = true;
      healthy = good;
      return true;
    }
    sinceRise = Math.min(sinceRise + 1, STABLE_AFTER);
    if (good == healthy) {
      streak = 0;
      return false;
    }
    streak++;
    if (streak < (healthy ? fall : riseNeeded)) {
      return false;
    }
    streak = 0;
    healthy = !healthy;
    if (healthy) {
      sinceRise = 0;
    } else {
      riseNeeded =
          sinceRise < STABLE_AFTER ? Math.min(2 * riseNeeded, MAX_RISE_FACTOR * rise) : rise;
    }
    return true;
  }
}
