package io.quorate.replication.crdt;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A counter that only grows: each actor counts for itself, the value is the sum. Immutable.
 *
 * @param counts how much each actor has added
 */
public record GCounter(VersionVector counts) {
  /** Nothing counted. */
  public static final GCounter ZERO = new GCounter(VersionVector.EMPTY);

  /** The actors with their sums, in order. */
  public static final Codec<GCounter> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, GCounter counter) {
          VersionVector.CODEC.write(out, counter.counts);
        }

        @Override
        public GCounter read(ByteReader in) {
          return new GCounter(VersionVector.CODEC.read(in));
        }
      };

  /** The sum of all that was added. */
  public long value() {
    return counts.counts().values().stream().mapToLong(Long::longValue).reduce(0, Math::addExact);
  }

  /**
   * This with {@code amount} more.
   *
   * @param amount at least 0
   * @throws ArithmeticException if the actor's sum does not fit 63 bits
   */
  public GCounter add(Actor actor, long amount) {
    if (amount < 0) {
      throw new IllegalArgumentException("amount must be at least 0, was " + amount);
    }
    if (amount == 0) {
      return this;
    }
    SortedMap<Actor, Long> next = new TreeMap<>(counts.counts());
    next.merge(actor, amount, Math::addExact);
    return new GCounter(new VersionVector(next));
  }

  /** What both have counted, without counting anything twice. */
  public GCounter merge(GCounter other) {
    return new GCounter(counts.join(other.counts));
  }
}
