package io.quorate.core.sim;

import io.quorate.core.Clock;
import java.time.Duration;

/**
 * One machine's clock: an origin that says nothing, a rate that is a little wrong, and a wall time
 * that may jump. Changes take effect at once.
 */
public final class SimClock implements Clock {
  private static final long MILLION = 1_000_000;

  private final Simulation simulation;
  private final long originNanos;
  private final long wallOriginMillis;
  private long wallOffsetMillis;
  private long driftPpm;
  private long pieceStartNanos;
  private long pieceElapsedNanos;

  SimClock(Simulation simulation, SeededRandom random) {
    this.simulation = simulation;
    // A quarter of the machines will see their reading wrap soon.
    this.originNanos =
        random.chance(0.25) ? Long.MAX_VALUE - random.nextLong(10_000_000_000L) : random.nextLong();
    this.wallOriginMillis = 1_800_000_000_000L + random.nextLong(-500, 500);
    this.driftPpm = random.nextLong(-500, 501);
  }

  @Override
  public long monotonicNanos() {
    return originNanos + elapsedNanos();
  }

  @Override
  public long wallMillis() {
    return wallOriginMillis + wallOffsetMillis + Math.floorDiv(elapsedNanos(), MILLION);
  }

  /**
   * How wrong the rate of this clock is from now on.
   *
   * @param ppm parts per million by which it is too fast, negative if too slow; within 500,000. At
   *     first it is drawn from -500 to 500
   */
  public void driftPpm(long ppm) {
    if (ppm < -500_000 || ppm > 500_000) {
      throw new IllegalArgumentException("drift must be within 500000 ppm, was " + ppm);
    }
    pieceElapsedNanos = elapsedNanos();
    pieceStartNanos = simulation.nowNanos();
    driftPpm = ppm;
  }

  /** Moves the wall clock by {@code jump}, which may be negative; the monotonic clock goes on. */
  public void jumpWall(Duration jump) {
    wallOffsetMillis += jump.toMillis();
  }

  /** Takes the wall clock back to what it would show had it never jumped. */
  public void correctWall() {
    wallOffsetMillis = 0;
  }

  /** Local nanoseconds since the machine was made. */
  long elapsedNanos() {
    return pieceElapsedNanos + scale(simulation.nowNanos() - pieceStartNanos, driftPpm);
  }

  /** The virtual time after which at least {@code localNanos} have passed here. */
  long toGlobal(long localNanos) {
    // 1 / (1 + d) = 1 - d / (1 + d); one nanosecond more, since rounding must not make it early.
    double factor = driftPpm / (double) (MILLION + driftPpm);
    return localNanos - (long) (localNanos * factor) + 1;
  }

  private static long scale(long nanos, long ppm) {
    return nanos + nanos / MILLION * ppm + nanos % MILLION * ppm / MILLION;
  }
}
