package io.quorate.resilience.balance;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A moving average of latency that believes bad news sooner than good news. A sample far above the
 * average replaces it at once; one somewhat above pulls it up with a weight of at least 1/64; one
 * below pulls it down with the weight of the time that has passed.
 *
 * <p>The original lets every sample above the average replace it. With latencies that scatter, that
 * is an average of the worst ones: healthy replicas look three times slower than they are, and one
 * that is ten times slower is tried three times as often (measured in the tail simulation).
 *
 * <p>Lock-free: average and time share one word, {@code [float nanos: 32 | tick: 32]}, so readers
 * see a pair that belongs together. Word 0 says that nothing is known yet.
 *
 * @see <a href="https://twitter.github.io/finagle/guide/Clients.html">Finagle, Peak EWMA</a>
 */
final class PeakEwma {
  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(PeakEwma.class, "word", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** How far above is far: beyond the scatter of usual latencies, below a fault. */
  private static final float FAR = 8;

  private static final float LEAST_RISE = 1f / 64;

  private final Decay decay;
  private volatile long word;

  PeakEwma(Decay decay) {
    this.decay = decay;
  }

  /** Takes in one latency. */
  void record(float sampleNanos, int tick) {
    // At least 1 ns, so that the word of something known is never 0.
    float sample = Math.max(1, sampleNanos);
    long seen;
    long next;
    do {
      seen = word;
      next = pack(seen == 0 ? sample : average(seen, sample, tick), tick);
    } while (!WORD.compareAndSet(this, seen, next));
  }

  private float average(long seen, float sample, int tick) {
    float old = nanosOf(seen);
    if (sample >= FAR * old) {
      return sample;
    }
    // After a clock that stepped back the old average stands, with the new time: no freeze.
    float weight = 1 - decay.factor(tick - (int) seen);
    if (sample > old) {
      weight = Math.max(weight, LEAST_RISE);
    }
    return old + weight * (sample - old);
  }

  /**
   * Takes in a failure: at least {@code penaltyNanos}, and twice what is expected, up to 8 times
   * the penalty. So a failure repels even where usual latencies are longer than the penalty.
   */
  void penalize(float tookNanos, float penaltyNanos, int tick) {
    long seen;
    long next;
    do {
      seen = word;
      float expected = nanosOf(seen) * decay.factor(tick - (int) seen);
      float repelled = Math.min(2 * expected, Math.max(expected, 8 * penaltyNanos));
      next = pack(Math.max(Math.max(tookNanos, penaltyNanos), repelled), tick);
    } while (!WORD.compareAndSet(this, seen, next));
  }

  /**
   * Takes in a call that was given up after {@code tookNanos}: no answer, but news all the same. It
   * counts as what it had taken plus what an answer was expected to take, as if it had just begun.
   * Otherwise only a slow replica's fastest answers would count, the others being the losers of
   * hedges, and it would look well.
   */
  void abandon(float tookNanos, int tick) {
    float expected = nanosAt(tick);
    if (expected > 0) {
      record(tookNanos + expected, tick);
    }
  }

  /** Gives a newcomer an average to start from; does nothing once something is known. */
  void assume(float nanos, int tick) {
    WORD.compareAndSet(this, 0L, pack(Math.max(1, nanos), tick));
  }

  /** Moves the time of the average back by {@code ticks}, because the clock has. */
  void stepBack(int ticks) {
    long seen = word;
    if (seen != 0) {
      // A sample that gets in between carries the new time already: losing this race is right.
      WORD.compareAndSet(this, seen, pack(nanosOf(seen), (int) seen - ticks));
    }
  }

  /** The average as last recorded; 0 if nothing is known. */
  float nanos() {
    return nanosOf(word);
  }

  /** The average, fading since the last sample: who is not asked is forgiven. */
  float nanosAt(int tick) {
    long seen = word;
    return nanosOf(seen) * decay.factor(tick - (int) seen);
  }

  /** Average and time of the last sample in one; its low half is the tick. */
  long word() {
    return word;
  }

  private static long pack(float nanos, int tick) {
    return (long) Float.floatToRawIntBits(nanos) << 32 | tick & 0xFFFF_FFFFL;
  }

  static float nanosOf(long word) {
    return Float.intBitsToFloat((int) (word >>> 32));
  }
}
