package io.quorate.core.sim;

import java.util.random.RandomGenerator;

/**
 * A stream of chance that is the same on every Java release: nothing is inherited whose algorithm
 * the platform may change. Not safe for use by several threads.
 *
 * @see <a href="https://doi.org/10.1145/2660193.2660195">Steele, Lea and Flood, SplitMix</a>
 */
final class SeededRandom implements RandomGenerator {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private long state;

  SeededRandom(long seed) {
    this.state = seed;
  }

  /** The stream that belongs to {@code use} under {@code seed}, independent of all others. */
  static SeededRandom of(long seed, String use) {
    long hash = mix(seed + GOLDEN);
    for (int i = 0; i < use.length(); i++) {
      hash = mix(hash ^ use.charAt(i) + GOLDEN);
    }
    return new SeededRandom(hash);
  }

  static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  @Override
  public long nextLong() {
    state += GOLDEN;
    return mix(state);
  }

  @Override
  public int nextInt() {
    return (int) (nextLong() >>> 32);
  }

  @Override
  public int nextInt(int bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("bound must be positive, was " + bound);
    }
    return (int) ((nextLong() >>> 32) * bound >>> 32);
  }

  @Override
  public int nextInt(int origin, int bound) {
    return (int) nextLong(origin, bound);
  }

  @Override
  public long nextLong(long bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("bound must be positive, was " + bound);
    }
    long bits = nextLong() >>> 1;
    long value = bits % bound;
    while (bits - value + (bound - 1) < 0) {
      bits = nextLong() >>> 1;
      value = bits % bound;
    }
    return value;
  }

  @Override
  public long nextLong(long origin, long bound) {
    if (origin >= bound) {
      throw new IllegalArgumentException("bound must be over " + origin + ", was " + bound);
    }
    long width = bound - origin;
    if (width > 0) {
      return origin + nextLong(width);
    }
    long value = nextLong();
    while (value < origin || value >= bound) {
      value = nextLong();
    }
    return value;
  }

  @Override
  public boolean nextBoolean() {
    return nextLong() < 0;
  }

  @Override
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1p-53;
  }

  @Override
  public double nextDouble(double bound) {
    return nextDouble(0, bound);
  }

  @Override
  public double nextDouble(double origin, double bound) {
    if (!(origin < bound && bound - origin < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("bound must be over " + origin + ", was " + bound);
    }
    double value = origin + nextDouble() * (bound - origin);
    return value < bound ? value : Math.nextDown(bound);
  }

  @Override
  public float nextFloat() {
    return (nextLong() >>> 40) * 0x1p-24f;
  }

  @Override
  public double nextExponential() {
    return -StrictMath.log(1 - nextDouble());
  }

  @Override
  public double nextGaussian() {
    while (true) {
      double x = 2 * nextDouble() - 1;
      double y = 2 * nextDouble() - 1;
      double square = x * x + y * y;
      if (square > 0 && square < 1) {
        return x * StrictMath.sqrt(-2 * StrictMath.log(square) / square);
      }
    }
  }

  @Override
  public void nextBytes(byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (nextLong() >>> 56);
    }
  }

  /** True with {@code probability}. */
  boolean chance(double probability) {
    return probability > 0 && nextDouble() < probability;
  }

  /** Exponentially distributed with the given mean, rounded to whole numbers. */
  long exponential(long mean) {
    return mean <= 0 ? 0 : (long) (mean * nextExponential());
  }
}
