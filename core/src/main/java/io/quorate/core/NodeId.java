package io.quorate.core;

/**
 * The name of a node: unique in its cluster, stable across restarts and changes of address.
 *
 * <p>Ordered by its characters, so that everything which must agree on an order of nodes does.
 *
 * @param value 1 to 64 of the characters {@code a-z A-Z 0-9 . _ -}, the first a letter or digit, so
 *     that it is safe in file names, metrics and logs
 */
public record NodeId(String value) implements Comparable<NodeId> {
  private static final int MAX_LENGTH = 64;

  public NodeId {
    if (!isValid(value)) {
      throw new IllegalArgumentException(
          "node id must be 1 to 64 of a-z A-Z 0-9 . _ - and begin with a letter or digit, was "
              + Text.quote(value));
    }
  }

  /** The node named {@code value}. */
  public static NodeId of(String value) {
    return new NodeId(value);
  }

  @Override
  public int compareTo(NodeId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }

  private static boolean isValid(String value) {
    if (value == null || value.isEmpty() || value.length() > MAX_LENGTH) {
      return false;
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      boolean mark = i > 0 && (c == '.' || c == '_' || c == '-');
      if (!letterOrDigit && !mark) {
        return false;
      }
    }
    return true;
  }
}
