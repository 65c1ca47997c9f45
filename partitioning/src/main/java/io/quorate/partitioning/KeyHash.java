package io.quorate.partitioning;

import java.util.Objects;

/**
 * The hash that places keys: XXH3 with 64 bits, the same on every JVM, locale and machine.
 *
 * <p>Text is hashed as its UTF-16 code units, low byte first, so {@code hash("é")} differs from the
 * hash of its UTF-8 bytes: use one form of a key throughout. A {@code long} is hashed as its eight
 * bytes, low byte first. Every string has a hash, lone surrogates included.
 *
 * <p>Give a secret {@linkplain #seeded seed} when keys come from people who may choose them to land
 * on one node. All members must share the seed; a placement carries it when it is encoded. Another
 * seed is another placement: changing it moves almost every key.
 *
 * <p>Immutable and thread-safe. No allocation for keys of up to 240 bytes (120 characters).
 *
 * @see <a href="https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md">xxHash
 *     specification</a>
 */
public final class KeyHash {
  private static final KeyHash UNSEEDED = new KeyHash(0);

  private final long seed;
  private final byte[] longSecret;

  private KeyHash(long seed) {
    this.seed = seed;
    this.longSecret = Xxh3.longSecret(seed);
  }

  /** The hash with seed 0: anyone can compute it. */
  public static KeyHash unseeded() {
    return UNSEEDED;
  }

  /** A hash that only those who know {@code seed} can compute. */
  public static KeyHash seeded(long seed) {
    return seed == 0 ? UNSEEDED : new KeyHash(seed);
  }

  /** The hash of text. */
  public long hash(CharSequence key) {
    return Xxh3.hash(key, seed, longSecret);
  }

  /** The hash of a byte string. */
  public long hash(byte[] key) {
    return Xxh3.hash(key, 0, key.length, seed, longSecret);
  }

  /**
   * The hash of {@code length} bytes from {@code offset} on.
   *
   * @throws IndexOutOfBoundsException if the array does not have them
   */
  public long hash(byte[] key, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, key.length);
    return Xxh3.hash(key, offset, length, seed, longSecret);
  }

  /** The hash of a number. */
  public long hash(long key) {
    return Xxh3.hash(key, seed);
  }

  long seed() {
    return seed;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyHash that && that.seed == seed;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(seed);
  }

  /** Does not tell the seed. */
  @Override
  public String toString() {
    return seed == 0 ? "KeyHash[unseeded]" : "KeyHash[seeded]";
  }
}
