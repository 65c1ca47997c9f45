package io.quorate.resilience;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A limit on concurrency that finds the right value itself, from how latency answers to load.
 *
 * <p>Once per window it compares the mean latency with the baseline, the lowest mean of the recent
 * past. While latency stays within {@code tolerance} of the baseline and the limit is in use, the
 * limit grows by its square root; beyond, it shrinks in proportion, at most to a half; when more
 * than one call in twenty fails, it shrinks by a tenth. What keeps such limits honest:
 *
 * <ul>
 *   <li>A limit of which not even half is in use says nothing about the callee and does not grow.
 *   <li>A baseline that is measured under a standing queue would creep upwards, and the limit after
 *       it. So every {@value #WINDOWS_PER_BASELINE} windows the limit is halved for two, the
 *       baseline measured again, and the limit restored. A callee that has become slower for good
 *       is believed after twice that time.
 *   <li>The limit grows by 1 at least: it leaves its minimum.
 * </ul>
 *
 * <p>After Vegas (Brakmo and Peterson, 1995), Netflix's Gradient2, and BBR's ProbeRTT.
 */
public final class AdaptiveLimit implements Limiter {
  /**
   * How the limit may move.
   *
   * @param initial calls at once to begin with
   * @param min never fewer; at least 1
   * @param max never more; at most 4,096
   * @param tolerance of latency over the baseline before the limit shrinks; 1.1 to 10
   * @param window how long latencies are gathered before the limit is reconsidered; a millisecond
   *     to a minute
   */
  public record Options(int initial, int min, int max, double tolerance, Duration window) {
    public Options {
      Checks.range("min", min, 1, LeasedSlots.MAX_SIZE);
      Checks.range("max", max, min, LeasedSlots.MAX_SIZE);
      Checks.range("initial", initial, min, max);
      if (!(tolerance >= 1.1 && tolerance <= 10)) {
        throw new IllegalArgumentException(
            "tolerance must be between 1.1 and 10, was " + tolerance);
      }
      Checks.range(
          "window in nanos", Checks.positive("window", window), 1_000_000, 60_000_000_000L);
    }

    /** From 20, between 1 and 1,000; half as slow again is tolerated; windows of 100 ms. */
    public static Options defaults() {
      return new Options(20, 1, 1000, 1.5, Duration.ofMillis(100));
    }
  }

  /**
   * A limit at one moment.
   *
   * @param baselineNanos the latency it holds for that of an idle callee; 0 if not yet known
   */
  public record Stats(int limit, int inUse, long baselineNanos) {}

  private static final int WINDOWS_PER_BASELINE = 100;
  private static final int MIN_SAMPLES = 10;
  private static final int NOT_PROBING = -1;

  private final String name;
  private final Options options;
  private final long windowNanos;
  private final LeasedSlots slots;
  private volatile int limit;

  // Gathered in the present window.
  private final AtomicLong startNanos;
  private final AtomicLong latencyTicks = new AtomicLong();
  private final AtomicInteger succeeded = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger mostInUse = new AtomicInteger();

  // Written only by the thread that has the update.
  private final AtomicBoolean updating = new AtomicBoolean();
  private double exactLimit;
  private double lowestTicks = Double.MAX_VALUE;
  private volatile double previousLowestTicks = Double.MAX_VALUE;
  private int windows;
  private int probeWindows = NOT_PROBING;
  private double limitBeforeProbe;

  private AdaptiveLimit(String name, Options options, long nowNanos) {
    this.name = Checks.name(name);
    this.options = options;
    this.windowNanos = options.window().toNanos();
    this.slots = new LeasedSlots(options.max());
    this.limit = options.initial();
    this.exactLimit = options.initial();
    this.startNanos = new AtomicLong(nowNanos);
  }

  /** A limit on the machine's clock. */
  public static AdaptiveLimit of(String name, Options options) {
    return of(name, options, RealTime.clock().getAsLong());
  }

  /** A limit on any clock, which reads {@code nowNanos} now. */
  public static AdaptiveLimit of(String name, Options options, long nowNanos) {
    return new AdaptiveLimit(name, options, nowNanos);
  }

  @Override
  public long tryAcquire(long nowNanos) {
    long holding = slots.take(limit, Ticks.of(nowNanos), 0);
    if (holding == LeasedSlots.NONE) {
      return 0;
    }
    int inUse = slots.inUse();
    int most = mostInUse.get();
    while (inUse > most && !mostInUse.compareAndSet(most, inUse)) {
      most = mostInUse.get();
    }
    return holding + 1;
  }

  @Override
  public void release(long token, Outcome outcome, long nowNanos) {
    if (token <= 0 || !slots.release(token - 1)) {
      return;
    }
    if (outcome == Outcome.SUCCESS) {
      latencyTicks.addAndGet(
          Ticks.elapsed(LeasedSlots.tick(token - 1), Ticks.of(nowNanos)));
      succeeded.incrementAndGet();
    } else if (outcome == Outcome.FAILURE) {
      failed.incrementAndGet();
    }
    long elapsedNanos = nowNanos - startNanos.get();
    if (elapsedNanos >= windowNanos || elapsedNanos < -windowNanos) {
      update(nowNanos, elapsedNanos);
    }
  }

  public Stats stats() {
    double lowest = previousLowestTicks;
    return new Stats(
        limit, slots.inUse(), lowest == Double.MAX_VALUE ? 0 : (long) (lowest * 1024));
  }

  /** One thread ends the window; the others go on with their calls meanwhile. */
  private void update(long nowNanos, long elapsedNanos) {
    boolean few = succeeded.get() + failed.get() < MIN_SAMPLES;
    if (few && elapsedNanos >= 0 && elapsedNanos < 10 * windowNanos
        || !updating.compareAndSet(false, true)) {
      return;
    }
    try {
      startNanos.set(nowNanos);
      int successes = succeeded.getAndSet(0);
      int failures = failed.getAndSet(0);
      double meanTicks = (double) latencyTicks.getAndSet(0) / Math.max(1, successes);
      int most = mostInUse.getAndSet(slots.inUse());
      if (successes + failures > 0 && elapsedNanos >= 0) {
        reconsider(successes, failures, Math.max(1, meanTicks), most);
        limit = Math.max(options.min(), Math.min(options.max(), (int) exactLimit));
      }
    } finally {
      updating.set(false);
    }
  }

  private void reconsider(int successes, int failures, double meanTicks, int most) {
    if (probeWindows != NOT_PROBING) {
      probe(successes, meanTicks);
      return;
    }
    if (successes > 0) {
      lowestTicks = Math.min(lowestTicks, meanTicks);
      previousLowestTicks = Math.min(previousLowestTicks, lowestTicks);
    }
    double slowness = meanTicks / (options.tolerance() * previousLowestTicks);
    if (failures * 20 > successes + failures) {
      exactLimit *= 0.9;
    } else if (slowness > 1) {
      exactLimit *= Math.max(0.5, 1 / slowness);
    } else if (most * 2 >= limit) {
      exactLimit += Math.max(1, Math.sqrt(exactLimit));
    }
    exactLimit = Math.max(options.min(), Math.min(options.max(), exactLimit));
    if (++windows == WINDOWS_PER_BASELINE) {
      windows = 0;
      probeWindows = 0;
      limitBeforeProbe = exactLimit;
      exactLimit = Math.max(options.min(), exactLimit / 2);
    }
  }

  /** The first window drains what was queued; the second measures. */
  private void probe(int successes, double meanTicks) {
    if (++probeWindows == 2) {
      probeWindows = NOT_PROBING;
      previousLowestTicks = successes > 0 ? Math.min(lowestTicks, meanTicks) : lowestTicks;
      lowestTicks = successes > 0 ? meanTicks : Double.MAX_VALUE;
      exactLimit = limitBeforeProbe;
    }
  }

  @Override
  public String toString() {
    return "adaptive limit " + name + " of " + limit;
  }
}
