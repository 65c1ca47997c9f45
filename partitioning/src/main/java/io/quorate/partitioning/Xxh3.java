package io.quorate.partitioning;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * XXH3, 64 bits, with a seed: one implementation for byte arrays and for text.
 *
 * <p>Text is hashed as its UTF-16 code units, two bytes each, low byte first; nothing is copied.
 * Inputs of up to 240 bytes allocate nothing. All offsets that the algorithm reads are even when
 * the length is, so a code unit is never cut.
 *
 * @see <a href="https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md">xxHash
 *     specification</a>
 */
final class Xxh3 {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int PRIME32_1 = 0x9E3779B1;
  private static final int PRIME32_2 = 0x85EBCA77;
  private static final int PRIME32_3 = 0xC2B2AE3D;
  private static final long PRIME64_1 = 0x9E3779B185EBCA87L;
  private static final long PRIME64_2 = 0xC2B2AE3D27D4EB4FL;
  private static final long PRIME64_3 = 0x165667B19E3779F9L;
  private static final long PRIME64_4 = 0x85EBCA77C2B2AE63L;
  private static final long PRIME64_5 = 0x27D4EB2F165667C5L;

  private static final int STRIPE_BYTES = 64;
  private static final int STRIPES_PER_BLOCK = 16;
  private static final int BLOCK_BYTES = STRIPE_BYTES * STRIPES_PER_BLOCK;

  /** The specification's default secret. */
  private static final byte[] SECRET = HexFormat.of().parseHex(
      "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
          + "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
          + "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
          + "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
          + "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
          + "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e");

  private Xxh3() {}

  /** The secret for inputs above 240 bytes, which depends on the seed. */
  static byte[] longSecret(long seed) {
    byte[] secret = new byte[SECRET.length];
    for (int i = 0; i < secret.length; i += 16) {
      LONG.set(secret, i, secret64(i) + seed);
      LONG.set(secret, i + 8, secret64(i + 8) - seed);
    }
    return secret;
  }

  static long hash(byte[] bytes, int offset, int length, long seed, byte[] longSecret) {
    return hash((Object) bytes, offset, length, seed, longSecret);
  }

  static long hash(CharSequence text, long seed, byte[] longSecret) {
    return hash((Object) text, 0, 2L * text.length(), seed, longSecret);
  }

  /** The hash of the eight bytes of {@code value}, low byte first. */
  static long hash(long value, long seed) {
    return mix4To8((int) value, (int) (value >>> 32), 8, seed);
  }

  /** The hash of the sixteen bytes of two longs, low byte first. */
  static long hash(long first, long second, long seed) {
    return mix9To16(first, second, 16, seed);
  }

  private static long hash(Object in, int at, long length, long seed, byte[] longSecret) {
    if (length <= 16) {
      return hashUpTo16(in, at, (int) length, seed);
    }
    if (length <= 128) {
      return hashUpTo128(in, at, (int) length, seed);
    }
    return length <= 240
        ? hashUpTo240(in, at, (int) length, seed)
        : hashLong(in, at, length, longSecret);
  }

  private static long hashUpTo16(Object in, int at, int length, long seed) {
    if (length > 8) {
      return mix9To16(read64(in, at), read64(in, at + length - 8L), length, seed);
    }
    if (length >= 4) {
      return mix4To8(read32(in, at), read32(in, at + length - 4L), length, seed);
    }
    if (length > 0) {
      int combined = readByte(in, at) << 16
          | readByte(in, at + (length >> 1)) << 24
          | readByte(in, at + length - 1)
          | length << 8;
      long flip = ((secret32(0) ^ secret32(4)) & 0xFFFFFFFFL) + seed;
      return avalanche64((combined & 0xFFFFFFFFL) ^ flip);
    }
    return avalanche64(seed ^ secret64(56) ^ secret64(64));
  }

  private static long mix4To8(int first, int last, int length, long seed) {
    long widened = seed ^ (long) Integer.reverseBytes((int) seed) << 32;
    long flip = (secret64(8) ^ secret64(16)) - widened;
    long h = ((last & 0xFFFFFFFFL) + ((long) first << 32)) ^ flip;
    h ^= Long.rotateLeft(h, 49) ^ Long.rotateLeft(h, 24);
    h *= 0x9FB21C651E98DF25L;
    h ^= (h >>> 35) + length;
    h *= 0x9FB21C651E98DF25L;
    return h ^ h >>> 28;
  }

  private static long mix9To16(long first, long last, int length, long seed) {
    long low = first ^ (secret64(24) ^ secret64(32)) + seed;
    long high = last ^ (secret64(40) ^ secret64(48)) - seed;
    return avalanche(length + Long.reverseBytes(low) + high + fold(low, high));
  }

  private static long hashUpTo128(Object in, int at, int length, long seed) {
    long sum = length * PRIME64_1;
    for (int i = (length - 1) / 32; i >= 0; i--) {
      sum += mix16(in, at + 16L * i, 32 * i, seed);
      sum += mix16(in, at + length - 16L * (i + 1), 32 * i + 16, seed);
    }
    return avalanche(sum);
  }

  private static long hashUpTo240(Object in, int at, int length, long seed) {
    long sum = length * PRIME64_1;
    for (int i = 0; i < 8; i++) {
      sum += mix16(in, at + 16L * i, 16 * i, seed);
    }
    sum = avalanche(sum);
    for (int i = 8; i < length / 16; i++) {
      sum += mix16(in, at + 16L * i, 16 * (i - 8) + 3, seed);
    }
    return avalanche(sum + mix16(in, at + length - 16L, 119, seed));
  }

  private static long hashLong(Object in, int at, long length, byte[] secret) {
    long[] sums = {
      PRIME32_3 & 0xFFFFFFFFL, PRIME64_1, PRIME64_2, PRIME64_3,
      PRIME64_4, PRIME32_2 & 0xFFFFFFFFL, PRIME64_5, PRIME32_1 & 0xFFFFFFFFL
    };
    long blocks = (length - 1) / BLOCK_BYTES;
    for (long block = 0; block < blocks; block++) {
      accumulate(sums, in, at + block * BLOCK_BYTES, STRIPES_PER_BLOCK, secret);
      scramble(sums, secret);
    }
    int stripes = (int) ((length - 1 - blocks * BLOCK_BYTES) / STRIPE_BYTES);
    accumulate(sums, in, at + blocks * BLOCK_BYTES, stripes, secret);
    accumulateStripe(sums, in, at + length - STRIPE_BYTES, secret, secret.length - 64 - 7);
    long result = length * PRIME64_1;
    for (int i = 0; i < 8; i += 2) {
      result += fold(sums[i] ^ get(secret, 11 + 8 * i), sums[i + 1] ^ get(secret, 19 + 8 * i));
    }
    return avalanche(result);
  }

  private static void accumulate(long[] sums, Object in, long at, int stripes, byte[] secret) {
    for (int i = 0; i < stripes; i++) {
      accumulateStripe(sums, in, at + (long) i * STRIPE_BYTES, secret, 8 * i);
    }
  }

  private static void accumulateStripe(
      long[] sums, Object in, long at, byte[] secret, int secretAt) {
    for (int lane = 0; lane < 8; lane++) {
      long data = read64(in, at + 8L * lane);
      long key = data ^ get(secret, secretAt + 8 * lane);
      sums[lane ^ 1] += data;
      sums[lane] += (key & 0xFFFFFFFFL) * (key >>> 32);
    }
  }

  private static void scramble(long[] sums, byte[] secret) {
    for (int lane = 0; lane < 8; lane++) {
      long sum = sums[lane];
      sum ^= sum >>> 47;
      sum ^= get(secret, secret.length - 64 + 8 * lane);
      sums[lane] = sum * (PRIME32_1 & 0xFFFFFFFFL);
    }
  }

  private static long mix16(Object in, long at, int secretAt, long seed) {
    return fold(
        read64(in, at) ^ secret64(secretAt) + seed,
        read64(in, at + 8) ^ secret64(secretAt + 8) - seed);
  }

  /** The exclusive or of both halves of the 128-bit product. */
  private static long fold(long a, long b) {
    return a * b ^ HashRange.multiplyHighUnsigned(a, b);
  }

  private static long avalanche(long h) {
    h ^= h >>> 37;
    h *= 0x165667919E3779F9L;
    return h ^ h >>> 32;
  }

  private static long avalanche64(long h) {
    h ^= h >>> 33;
    h *= PRIME64_2;
    h ^= h >>> 29;
    h *= PRIME64_3;
    return h ^ h >>> 32;
  }

  private static long get(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  private static long secret64(int at) {
    return (long) LONG.get(SECRET, at);
  }

  private static int secret32(int at) {
    return (int) INT.get(SECRET, at);
  }

  private static long read64(Object in, long at) {
    if (in instanceof byte[] bytes) {
      return (long) LONG.get(bytes, (int) at);
    }
    int i = (int) (at >> 1);
    if (in instanceof String text) {
      return text.charAt(i) | (long) text.charAt(i + 1) << 16
          | (long) text.charAt(i + 2) << 32 | (long) text.charAt(i + 3) << 48;
    }
    CharSequence text = (CharSequence) in;
    return text.charAt(i) | (long) text.charAt(i + 1) << 16
        | (long) text.charAt(i + 2) << 32 | (long) text.charAt(i + 3) << 48;
  }

  private static int read32(Object in, long at) {
    if (in instanceof byte[] bytes) {
      return (int) INT.get(bytes, (int) at);
    }
    CharSequence text = (CharSequence) in;
    int i = (int) (at >> 1);
    return text.charAt(i) | text.charAt(i + 1) << 16;
  }

  private static int readByte(Object in, int at) {
    if (in instanceof byte[] bytes) {
      return bytes[at] & 0xFF;
    }
    return ((CharSequence) in).charAt(at >> 1) >>> 8 * (at & 1) & 0xFF;
  }
}
