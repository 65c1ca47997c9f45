package io.quorate.replication.crdt;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A register that keeps concurrent values side by side as siblings, told apart by dotted version
 * vectors. Immutable.
 *
 * <p>A write replaces exactly the values that its writer had seen (its context) and is named by a dot
 * of its own, so two writes through one node that did not know of each other are both kept, and
 * neither grows the vector by a client. Reading, choosing and writing back with {@link #context}
 * resolves the siblings.
 *
 * @param values the siblings by the dot of the write that made each
 * @param context all writes that are known, those replaced included
 * @see <a href="https://arxiv.org/abs/1011.5808">Pregui&ccedil;a et al., Dotted Version Vectors</a>
 */
public record MvRegister<V>(SortedMap<Dot, V> values, VersionVector context) {
  public MvRegister {
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }

  /** A register without a value. */
  public static <V> MvRegister<V> empty() {
    return new MvRegister<>(new TreeMap<>(), VersionVector.EMPTY);
  }

  /** The concurrent values, in the order of their dots; none if never written or cleared. */
  public List<V> siblings() {
    return List.copyOf(values.values());
  }

  /** This with {@code value} in place of all that is known here. */
  public MvRegister<V> set(Actor actor, V value) {
    return set(actor, context, value);
  }

  /** This with {@code value} in place of what a reader had seen: those not in {@code read} stay. */
  public MvRegister<V> set(Actor actor, VersionVector read, V value) {
    MvRegister<V> rest = clear(read);
    Dot dot = rest.context.next(actor);
    SortedMap<Dot, V> next = new TreeMap<>(rest.values);
    next.put(dot, value);
    return new MvRegister<>(next, rest.context.with(dot));
  }

  /** This without the values that a reader had seen. */
  public MvRegister<V> clear(VersionVector read) {
    SortedMap<Dot, V> rest = new TreeMap<>(values);
    rest.keySet().removeIf(read::contains);
    return new MvRegister<>(rest, context.join(read));
  }

  /** A value stays if both have it, or if one has it and the other has never seen it. */
  public MvRegister<V> merge(MvRegister<V> other) {
    SortedMap<Dot, V> merged = new TreeMap<>();
    values.forEach((dot, value) -> {
      if (other.values.containsKey(dot) || !other.context.contains(dot)) {
        merged.put(dot, value);
      }
    });
    other.values.forEach((dot, value) -> {
      if (!context.contains(dot)) {
        merged.put(dot, value);
      }
    });
    return new MvRegister<>(merged, context.join(other.context));
  }

  /** A codec, given one for values: the context, then each dot with its value, in order. */
  public static <V> Codec<MvRegister<V>> codec(Codec<V> values) {
    return new Codec<>() {
      @Override
      public void write(ByteWriter out, MvRegister<V> register) {
        VersionVector.CODEC.write(out, register.context);
        out.varint(register.values.size());
        register.values.forEach(
            (dot, value) -> {
              dot.write(out);
              out.block(values.encode(value));
            });
      }

      @Override
      public MvRegister<V> read(ByteReader in) {
        VersionVector context = VersionVector.CODEC.read(in);
        int size = in.count(Dot.MIN_BYTES + 1, "siblings");
        SortedMap<Dot, V> siblings = new TreeMap<>();
        for (int i = 0; i < size; i++) {
          Dot dot = Dot.read(in);
          if (siblings.put(dot, values.decode(in.block())) != null || !context.contains(dot)) {
            throw in.malformed("a dot twice or outside the context");
          }
        }
        return new MvRegister<>(siblings, context);
      }
    };
  }
}
