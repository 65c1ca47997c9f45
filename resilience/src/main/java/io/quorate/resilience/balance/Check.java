package io.quorate.resilience.balance;

import java.time.Duration;

/** Refuses options that make no sense, naming the option and its value. */
final class Check {
  /** Ten years: far more than any option means, far less than a {@code long} of nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private Check() {}

  static void positive(String name, Duration value) {
    notNegative(name, value);
    if (value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive, was " + value);
    }
  }

  static void notNegative(String name, Duration value) {
    if (value.isNegative() || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(name + " must be 0 to " + LONGEST + ", was " + value);
    }
  }

  static void share(String name, double value) {
    // Written so that NaN is refused too.
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be 0 to 1, was " + value);
    }
  }

  static void atLeast(String name, int least, int value) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", was " + value);
    }
  }
}
