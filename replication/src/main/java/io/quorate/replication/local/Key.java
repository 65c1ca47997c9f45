package io.quorate.replication.local;

import io.quorate.replication.merkle.MerkleTree;
import java.util.Arrays;
import java.util.HexFormat;

/** The bytes of a key, with their hash. Immutable; ordered as unsigned bytes. */
public final class Key implements Comparable<Key> {
  private final byte[] bytes;
  private final long hash;

  /** The key that is {@code bytes}, which are not copied: do not modify. */
  public Key(byte[] bytes) {
    this.bytes = bytes;
    this.hash = MerkleTree.hash(bytes);
  }

  /** The bytes themselves; do not modify. */
  public byte[] bytes() {
    return bytes;
  }

  /** A 64-bit hash that is the same on every node. */
  public long hash() {
    return hash;
  }

  @Override
  public int compareTo(Key other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key key && hash == key.hash && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return (int) (hash ^ hash >>> 32);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 40));
  }
}
