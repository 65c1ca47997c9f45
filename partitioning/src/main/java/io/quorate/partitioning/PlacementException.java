package io.quorate.partitioning;

/**
 * An argument that no placement can be made from. Nothing has changed: the placement that was asked
 * is as it was.
 */
public class PlacementException extends IllegalArgumentException {
  private final String argument;
  private final String value;

  PlacementException(String argument, Object value, String rule) {
    super(argument + " " + rule + ", was " + value);
    this.argument = argument;
    this.value = String.valueOf(value);
  }

  /** The name of the offending argument, for example {@code weight}. */
  public final String argument() {
    return argument;
  }

  /** The offending value as text. */
  public final String value() {
    return value;
  }

  static void require(boolean holds, String argument, Object value, String rule) {
    if (!holds) {
      throw new PlacementException(argument, value, rule);
    }
  }

  static <T> T present(T value, String argument) {
    if (value == null) {
      throw new PlacementException(argument, null, "must not be null");
    }
    return value;
  }
}
