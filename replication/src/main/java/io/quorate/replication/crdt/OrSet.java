package io.quorate.replication.crdt;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A set in which an addition wins over a concurrent removal. Immutable.
 *
 * <p>Every addition has a {@link Dot}; a removal forgets the dots that it has seen, and no others.
 * What has been seen is one version vector for the whole set, so removed elements leave nothing
 * behind.
 *
 * @param dots for each element the additions that are not removed, at least one
 * @param seen all additions that are known, those removed included
 * @see <a href="https://arxiv.org/abs/1210.3368">Bieniusa et al., An optimized conflict-free
 *     replicated set</a>
 */
public record OrSet<E extends Comparable<? super E>>(
    SortedMap<E, SortedSet<Dot>> dots, VersionVector seen) {
  public OrSet {
    SortedMap<E, SortedSet<Dot>> copy = new TreeMap<>();
    dots.forEach((e, its) -> copy.put(e, Collections.unmodifiableSortedSet(new TreeSet<>(its))));
    dots = Collections.unmodifiableSortedMap(copy);
  }

  /** The set of nothing. */
  public static <E extends Comparable<? super E>> OrSet<E> empty() {
    return new OrSet<E>(new TreeMap<>(), VersionVector.EMPTY);
  }

  /** The elements, in order. */
  public SortedSet<E> elements() {
    return Collections.unmodifiableSortedSet(new TreeSet<>(dots.keySet()));
  }

  /** Whether {@code element} is in the set. */
  public boolean contains(E element) {
    return dots.containsKey(element);
  }

  /** This with {@code element}. */
  public OrSet<E> add(Actor actor, E element) {
    Dot dot = seen.next(actor);
    SortedMap<E, SortedSet<Dot>> next = new TreeMap<>(dots);
    next.put(element, new TreeSet<>(Set.of(dot)));
    return new OrSet<>(next, seen.with(dot));
  }

  /** This without {@code element}: without those of its additions that are known here. */
  public OrSet<E> remove(E element) {
    SortedMap<E, SortedSet<Dot>> next = new TreeMap<>(dots);
    next.remove(element);
    return new OrSet<>(next, seen);
  }

  /** An addition stays if both have it, or if one has it and the other has never seen it. */
  public OrSet<E> merge(OrSet<E> other) {
    SortedMap<E, SortedSet<Dot>> merged = new TreeMap<>();
    keep(dots, other, merged);
    keep(other.dots, this, merged);
    return new OrSet<>(merged, seen.join(other.seen));
  }

  private static <E extends Comparable<? super E>> void keep(
      Map<E, SortedSet<Dot>> from, OrSet<E> other, Map<E, SortedSet<Dot>> merged) {
    from.forEach(
        (element, its) -> {
          SortedSet<Dot> theirs = other.dots.getOrDefault(element, Collections.emptySortedSet());
          for (Dot dot : its) {
            if (theirs.contains(dot) || !other.seen.contains(dot)) {
              merged.computeIfAbsent(element, e -> new TreeSet<>()).add(dot);
            }
          }
        });
  }

  /** A codec, given one for elements: what was seen, then each element with its dots, in order. */
  public static <E extends Comparable<? super E>> Codec<OrSet<E>> codec(Codec<E> elements) {
    return new Codec<>() {
      @Override
      public void write(ByteWriter out, OrSet<E> set) {
        VersionVector.CODEC.write(out, set.seen);
        out.varint(set.dots.size());
        set.dots.forEach(
            (element, its) -> {
              out.block(elements.encode(element));
              out.varint(its.size());
              its.forEach(dot -> dot.write(out));
            });
      }

      @Override
      public OrSet<E> read(ByteReader in) {
        VersionVector seen = VersionVector.CODEC.read(in);
        int size = in.count(2 + Dot.MIN_BYTES, "elements");
        SortedMap<E, SortedSet<Dot>> dots = new TreeMap<>();
        for (int i = 0; i < size; i++) {
          E element = elements.decode(in.block());
          int count = in.count(Dot.MIN_BYTES, "dots");
          SortedSet<Dot> its = new TreeSet<>();
          for (int j = 0; j < count; j++) {
            its.add(Dot.read(in));
          }
          if (its.isEmpty() || dots.put(element, its) != null) {
            throw in.malformed("an element twice or without an addition");
          }
        }
        return new OrSet<>(dots, seen);
      }
    };
  }
}
