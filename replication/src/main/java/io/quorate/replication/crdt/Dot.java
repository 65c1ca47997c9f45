package io.quorate.replication.crdt;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * Names one change: the {@code counter}th of {@code actor}.
 *
 * @param counter at least 1
 */
public record Dot(Actor actor, long counter) implements Comparable<Dot> {
  /** Bytes that the shortest dot takes. */
  static final int MIN_BYTES = Actor.MIN_BYTES + 1;

  public Dot {
    if (counter < 1) {
      throw new IllegalArgumentException("counter must be at least 1, was " + counter);
    }
  }

  @Override
  public int compareTo(Dot other) {
    int byActor = actor.compareTo(other.actor);
    return byActor != 0 ? byActor : Long.compare(counter, other.counter);
  }

  void write(ByteWriter out) {
    actor.write(out);
    out.varint(counter);
  }

  static Dot read(ByteReader in) {
    Actor actor = Actor.read(in);
    long counter = in.varint();
    if (counter < 1) {
      throw in.malformed("a dot of 0");
    }
    return new Dot(actor, counter);
  }
}
