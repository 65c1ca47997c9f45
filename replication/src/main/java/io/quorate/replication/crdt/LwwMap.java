package io.quorate.replication.crdt;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A map in which, for each key on its own, the write with the largest tag wins. Immutable.
 *
 * <p>A removal is a write of nothing and stays as a tombstone: the map grows with the keys it has
 * ever held. Tags must be unique, as a store's are: one tag, one value.
 *
 * @param entries the last write of each key, removals included
 */
public record LwwMap<K extends Comparable<? super K>, V>(SortedMap<K, Versioned<V>> entries) {
  public LwwMap {
    entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
  }

  /** The map of nothing. */
  public static <K extends Comparable<? super K>, V> LwwMap<K, V> empty() {
    return new LwwMap<K, V>(new TreeMap<>());
  }

  /** The value of {@code key}, if it has one. */
  public Optional<V> find(K key) {
    return entries.getOrDefault(key, Versioned.absent()).value();
  }

  /** This with {@code value} under {@code key}, unless a newer write is there. */
  public LwwMap<K, V> put(K key, V value, Tag tag) {
    return write(key, new Versioned<>(Optional.of(value), tag));
  }

  /** This without {@code key}, unless a newer write is there. */
  public LwwMap<K, V> remove(K key, Tag tag) {
    return write(key, new Versioned<>(Optional.empty(), tag));
  }

  /** For each key the newer write. */
  public LwwMap<K, V> merge(LwwMap<K, V> other) {
    SortedMap<K, Versioned<V>> merged = new TreeMap<>(entries);
    other.entries.forEach((key, write) -> merged.merge(key, write, LwwMap::newer));
    return new LwwMap<>(merged);
  }

  private LwwMap<K, V> write(K key, Versioned<V> write) {
    SortedMap<K, Versioned<V>> next = new TreeMap<>(entries);
    next.merge(key, write, LwwMap::newer);
    return new LwwMap<>(next);
  }

  private static <V> Versioned<V> newer(Versioned<V> a, Versioned<V> b) {
    return b.tag().compareTo(a.tag()) > 0 ? b : a;
  }

  /** A codec, given those for keys and values: the entries in order. */
  public static <K extends Comparable<? super K>, V> Codec<LwwMap<K, V>> codec(
      Codec<K> keys, Codec<V> values) {
    return new Codec<>() {
      @Override
      public void write(ByteWriter out, LwwMap<K, V> map) {
        out.varint(map.entries.size());
        map.entries.forEach(
            (key, write) -> {
              out.block(keys.encode(key));
              Tag.CODEC.write(out, write.tag());
              out.bool(write.value().isPresent());
              write.value().ifPresent(value -> out.block(values.encode(value)));
            });
      }

      @Override
      public LwwMap<K, V> read(ByteReader in) {
        int size = in.count(20, "entries");
        SortedMap<K, Versioned<V>> entries = new TreeMap<>();
        for (int i = 0; i < size; i++) {
          K key = keys.decode(in.block());
          Tag tag = Tag.CODEC.read(in);
          Optional<V> value =
              in.bool() ? Optional.of(values.decode(in.block())) : Optional.empty();
          if (entries.put(key, new Versioned<>(value, tag)) != null) {
            throw in.malformed("a key twice");
          }
        }
        return new LwwMap<>(entries);
      }
    };
  }
}
