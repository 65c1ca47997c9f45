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
  public NodeId {
    Text.requireName("node id", value);
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
}
