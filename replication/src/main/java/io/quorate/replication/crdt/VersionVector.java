package io.quorate.replication.crdt;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many changes of each actor are known: what has been seen of a value's history. Immutable.
 *
 * @param counts for each actor the number of its changes, at least 1
 */
public record VersionVector(SortedMap<Actor, Long> counts) {
  /** Nothing seen. */
  public static final VersionVector EMPTY = new VersionVector(new TreeMap<>());

  /** A count of actors, then each actor with its count, in order. */
  public static final Codec<VersionVector> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, VersionVector vector) {
          out.varint(vector.counts.size());
          vector.counts.forEach(
              (actor, count) -> {
                actor.write(out);
                out.varint(count);
              });
        }

        @Override
        public VersionVector read(ByteReader in) {
          int size = in.count(Actor.MIN_BYTES + 1, "actors");
          SortedMap<Actor, Long> counts = new TreeMap<>();
          for (int i = 0; i < size; i++) {
            Actor actor = Actor.read(in);
            long count = in.varint();
            if (count < 1 || !counts.isEmpty() && counts.lastKey().compareTo(actor) >= 0) {
              throw in.malformed("actors out of order or without changes");
            }
            counts.put(actor, count);
          }
          return new VersionVector(counts);
        }
      };

  public VersionVector {
    counts.forEach(
        (actor, count) -> {
          if (count < 1) {
            throw new IllegalArgumentException("count must be at least 1, was " + count);
          }
        });
    counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
  }

  /** How many changes of {@code actor} are known. */
  public long count(Actor actor) {
    return counts.getOrDefault(actor, 0L);
  }

  /** Whether the change that {@code dot} names is known. */
  public boolean contains(Dot dot) {
    return count(dot.actor()) >= dot.counter();
  }

  /** Whether all that {@code other} knows is known here. */
  public boolean descends(VersionVector other) {
    return other.counts.entrySet().stream().allMatch(e -> count(e.getKey()) >= e.getValue());
  }

  /** The name of the next change of {@code actor}. */
  public Dot next(Actor actor) {
    return new Dot(actor, count(actor) + 1);
  }

  /** This, knowing the change {@code dot} and all earlier ones of its actor as well. */
  public VersionVector with(Dot dot) {
    SortedMap<Actor, Long> next = new TreeMap<>(counts);
    next.merge(dot.actor(), dot.counter(), Math::max);
    return new VersionVector(next);
  }

  /** What either knows. */
  public VersionVector join(VersionVector other) {
    SortedMap<Actor, Long> joined = new TreeMap<>(counts);
    for (Map.Entry<Actor, Long> entry : other.counts.entrySet()) {
      joined.merge(entry.getKey(), entry.getValue(), Math::max);
    }
    return new VersionVector(joined);
  }
}
