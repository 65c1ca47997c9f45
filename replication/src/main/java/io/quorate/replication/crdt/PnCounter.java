package io.quorate.replication.crdt;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;

/**
 * A counter that goes up and down: what was added and what was taken are counted apart. Immutable.
 */
public record PnCounter(GCounter added, GCounter taken) {
  /** Nothing counted. */
  public static final PnCounter ZERO = new PnCounter(GCounter.ZERO, GCounter.ZERO);

  /** What was added, then what was taken. */
  public static final Codec<PnCounter> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, PnCounter counter) {
          GCounter.CODEC.write(out, counter.added);
          GCounter.CODEC.write(out, counter.taken);
        }

        @Override
        public PnCounter read(ByteReader in) {
          return new PnCounter(GCounter.CODEC.read(in), GCounter.CODEC.read(in));
        }
      };

  /** What was added less what was taken. */
  public long value() {
    return Math.subtractExact(added.value(), taken.value());
  }

  /** This changed by {@code amount}, which may be negative but not {@code Long.MIN_VALUE}. */
  public PnCounter add(Actor actor, long amount) {
    return amount >= 0
        ? new PnCounter(added.add(actor, amount), taken)
        : new PnCounter(added, taken.add(actor, Math.negateExact(amount)));
  }

  /** What both have counted, without counting anything twice. */
  public PnCounter merge(PnCounter other) {
    return new PnCounter(added.merge(other.added), taken.merge(other.taken));
  }
}
