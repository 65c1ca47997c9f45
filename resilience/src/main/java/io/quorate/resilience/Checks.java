package io.quorate.resilience;

import java.time.Duration;
import java.util.Objects;

/** Refuses nonsensical options, naming the argument and its value. */
final class Checks {
  /** The longest duration that makes sense here, far from where nanoseconds overflow. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private Checks() {}

  static void percent(String name, double value) {
    // Written so that NaN fails it.
    if (!(value > 0 && value <= 100)) {
      throw new IllegalArgumentException(name + " must be above 0 and at most 100, was " + value);
    }
  }

  static void ratio(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be between 0 and 1, was " + value);
    }
  }

  static void range(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be between " + least + " and " + most + ", was " + value);
    }
  }

  static long positive(String name, Duration value) {
    if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          name + " must be above zero and at most 365 days, was " + value);
    }
    return value.toNanos();
  }

  static long notNegative(String name, Duration value) {
    if (value.isNegative() || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          name + " must be between zero and 365 days, was " + value);
    }
    return value.toNanos();
  }

  static String name(String name) {
    Objects.requireNonNull(name, "name");
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank");
    }
    return name;
  }
}
