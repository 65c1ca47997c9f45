package io.quorate.consensus.raft;

import java.util.random.RandomGenerator;

/**
 * Decides when silence is long enough to campaign, and when a leader was heard too recently to help
 * another one.
 *
 * <p>The time-out adapts: it covers the mean gap between signs of life and eight times its
 * deviation, so a starved machine waits longer instead of holding one election after another. Time
 * in which this node itself stood still is no silence of the leader, whose messages may be
 * queueing. The stickiness window is fixed, because leases rest on it.
 */
final class ElectionTimer {
  private static final int MAX_STRETCH = 8;

  private final CoreOptions options;
  private final RandomGenerator random;
  private long lastInputNanos;
  private long deadlineNanos;
  private long lastHeardNanos;
  private boolean heard;
  private double meanGap;
  private double deviation;
  /** Where in [0, 1) this node's part of chance begins, and how long it is. */
  private double turnFrom;
  private double turnLength = 1;

  /**
   * A timer whose first deadline is still to be drawn.
   *
   * @param promised whether an earlier run of this node may have promised a leader to wait
   */
  ElectionTimer(CoreOptions options, RandomGenerator random, boolean promised, long nowNanos) {
    this.options = options;
    this.random = random;
    this.lastInputNanos = nowNanos;
    this.heard = promised;
    this.lastHeardNanos = nowNanos;
    this.meanGap = options.heartbeatNanos();
  }

  /**
   * Leaves to this node the part {@code before} of {@code all} of what chance adds to a time-out:
   * the others have the other parts, so the first of them is early and the second seldom disturbs
   * it.
   */
  void turn(int before, int all) {
    turnFrom = (double) before / all;
    turnLength = 1.0 / all;
  }

  /**
   * Notes the passing of time; forgives what this node itself slept through.
   *
   * @return whether it slept
   */
  boolean observe(long nowNanos) {
    long gap = nowNanos - lastInputNanos;
    lastInputNanos = nowNanos;
    boolean slept = gap > options.electionTimeoutNanos() / 2;
    if (slept) {
      long earliest = nowNanos + options.electionTimeoutNanos() / 2;
      if (deadlineNanos - earliest < 0) {
        deadlineNanos = earliest;
      }
    }
    return slept;
  }

  /** The time since the last input was rest, and says nothing of this node or its leader. */
  void awoke(boolean silent, long nowNanos) {
    lastInputNanos = nowNanos;
    if (silent) {
      restartSoon(nowNanos);
    } else {
      lastHeardNanos = nowNanos;
      restart(nowNanos);
    }
  }

  /** A leader gave a sign of life. */
  void heardLeader(long nowNanos) {
    if (heard) {
      double gap = Math.min(nowNanos - lastHeardNanos, 4.0 * options.electionTimeoutNanos());
      deviation += (Math.abs(gap - meanGap) - deviation) / 8;
      meanGap += (gap - meanGap) / 8;
    }
    heard = true;
    lastHeardNanos = nowNanos;
    restart(nowNanos);
  }

  /** Whether a leader was heard so recently that no other candidate may be helped. */
  boolean leaderIsFresh(long nowNanos) {
    return heard && nowNanos - lastHeardNanos < options.electionTimeoutNanos();
  }

  boolean expired(long nowNanos) {
    return nowNanos - deadlineNanos >= 0;
  }

  /** Draws a new deadline. */
  void restart(long nowNanos) {
    long base = timeoutNanos();
    deadlineNanos = nowNanos + base + (long) (chance() * base) + lazyNanos(base);
  }

  /**
   * Draws the first deadline: soon, unless an earlier run may have promised a leader to wait. Then
   * this node keeps that promise itself, and asks as soon as it has ended, for it ends at about the
   * same time on others that were started with this one.
   */
  void start(long nowNanos) {
    restartSoon(nowNanos);
    if (heard) {
      long base = options.electionTimeoutNanos();
      deadlineNanos = nowNanos + base + (long) (chance() * base / 6) + lazyNanos(base);
    }
  }

  private double chance() {
    return turnFrom + random.nextDouble() * turnLength;
  }

  private long lazyNanos(long base) {
    return base * (CoreOptions.MAX_PRIORITY - options.priority()) / 4;
  }

  /** Draws a deadline close by: for asking again, which disturbs nobody. */
  void restartSoon(long nowNanos) {
    long base = timeoutNanos();
    deadlineNanos = nowNanos + base / 6 + (long) (chance() * base / 2) + lazyNanos(base);
  }

  /** The time-out at present, before chance is added. */
  long timeoutNanos() {
    long base = options.electionTimeoutNanos();
    return Math.min(MAX_STRETCH * base, Math.max(base, (long) (meanGap + 8 * deviation)));
  }
}
