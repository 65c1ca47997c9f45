package io.quorate.replication.checkpoint;

import io.quorate.core.NodeId;

/**
 * Names one checkpoint, on whichever node its copies are. The larger is the newer.
 *
 * @param sequence grows with every save, so that training which went back to an older step and went
 *     on from there has the newest checkpoint all the same; at least 1
 * @param origin the node that saved it
 */
public record CheckpointId(long sequence, NodeId origin) implements Comparable<CheckpointId> {
  private static final int DIGITS = 12;

  public CheckpointId {
    if (sequence < 1) {
      throw new IllegalArgumentException("sequence must be at least 1, was " + sequence);
    }
  }

  @Override
  public int compareTo(CheckpointId other) {
    int bySequence = Long.compare(sequence, other.sequence);
    return bySequence != 0 ? bySequence : origin.compareTo(other.origin);
  }

  /** The name of its directory; sorts like the id. */
  @Override
  public String toString() {
    return String.format("%0" + DIGITS + "d-%s", sequence, origin);
  }

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException if {@code text} has another form
   */
  static CheckpointId parse(String text) {
    if (!text.matches("[0-9]{" + DIGITS + ",18}-.+")) {
      throw new IllegalArgumentException("not a checkpoint id: " + text);
    }
    int dash = text.indexOf('-');
    return new CheckpointId(
        Long.parseLong(text.substring(0, dash)), NodeId.of(text.substring(dash + 1)));
  }
}
