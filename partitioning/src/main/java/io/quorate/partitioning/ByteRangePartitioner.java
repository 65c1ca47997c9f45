package io.quorate.partitioning;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Ranges of byte strings, ordered as unsigned bytes; the empty string is the first key. Keys may be
 * as long as an array.
 *
 * <p>A search compares the first eight bytes as one number and looks at the rest only when they are
 * equal.
 */
public final class ByteRangePartitioner<N> extends RangePartitioner<byte[], N> {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int SHOWN_BYTES = 32;

  /** Ascending. */
  private final byte[][] bounds;
  private final long[] prefixes;

  private ByteRangePartitioner(
      byte[][] bounds, List<N> owners, Function<? super N, String> id, long epoch) {
    super(owners, id, epoch);
    this.bounds = bounds;
    this.prefixes = Arrays.stream(bounds).mapToLong(ByteRangePartitioner::prefix).toArray();
  }

  /** One range, which holds every key. */
  public static <N> ByteRangePartitioner<N> of(N owner, Function<? super N, String> id) {
    PlacementException.present(owner, "owner");
    return new ByteRangePartitioner<>(new byte[0][], List.of(owner), id, 1);
  }

  /**
   * The given ranges.
   *
   * @throws PlacementException if they are not in order, or leave a gap, or overlap
   */
  public static <N> ByteRangePartitioner<N> of(
      List<KeyRange<byte[], N>> ranges, Function<? super N, String> id) {
    List<byte[]> bounds =
        requireCover(ranges, Arrays::compareUnsigned, ByteRangePartitioner::hex);
    return restore(bounds, ranges.stream().map(KeyRange::owner).toList(), id, 1);
  }

  static <N> ByteRangePartitioner<N> restore(
      List<byte[]> bounds, List<N> owners, Function<? super N, String> id, long epoch) {
    return new ByteRangePartitioner<>(
        bounds.stream().map(byte[]::clone).toArray(byte[][]::new), owners, id, epoch);
  }

  /**
   * The placement that {@link #encode()} wrote.
   *
   * @param node gives the node for an id
   * @throws MalformedPlacementException if the bytes are truncated, altered or of a newer version
   */
  public static <N> ByteRangePartitioner<N> decode(
      byte[] encoded, Function<String, N> node, Function<? super N, String> id) {
    return RangeFormat.decode(encoded, RangeFormat.BYTES, bytes -> bytes, node,
        (ranges, epoch) -> {
          List<byte[]> bounds =
              requireCover(ranges, Arrays::compareUnsigned, ByteRangePartitioner::hex);
          return restore(bounds, ranges.stream().map(KeyRange::owner).toList(), id, epoch);
        });
  }

  /** The first eight bytes, zeros behind short keys, ordered as a signed number. */
  private static long prefix(byte[] key) {
    if (key.length >= Long.BYTES) {
      return (long) LONG.get(key, 0) ^ Long.MIN_VALUE;
    }
    long prefix = 0;
    for (int i = 0; i < key.length; i++) {
      prefix |= (key[i] & 0xFFL) << 56 - 8 * i;
    }
    return prefix ^ Long.MIN_VALUE;
  }

  @Override
  int indexOf(byte[] key) {
    long[] sorted = prefixes;
    long wanted = prefix(key);
    int base = 0;
    int left = sorted.length;
    while (left > 0) {
      int half = left >>> 1;
      int at = base + half;
      boolean beyond = sorted[at] < wanted
          || sorted[at] == wanted && Arrays.compareUnsigned(bounds[at], key) <= 0;
      base = beyond ? at + 1 : base;
      left = beyond ? left - half - 1 : half;
    }
    return base;
  }

  @Override
  List<byte[]> bounds() {
    return new ArrayList<>(Arrays.stream(bounds).map(byte[]::clone).toList());
  }

  @Override
  int compare(byte[] a, byte[] b) {
    return Arrays.compareUnsigned(a, b);
  }

  @Override
  boolean isLowest(byte[] key) {
    return key.length == 0;
  }

  @Override
  Optional<byte[]> following(byte[] key) {
    return Optional.of(Arrays.copyOf(key, key.length + 1));
  }

  @Override
  RangePartitioner<byte[], N> rebuilt(
      List<byte[]> nextBounds, List<N> nextOwners, long epoch) {
    return restore(nextBounds, nextOwners, id, epoch);
  }

  @Override
  byte[] keyBytes(byte[] key) {
    return key;
  }

  @Override
  String show(byte[] key) {
    return hex(key);
  }

  private static String hex(byte[] key) {
    String shown = HexFormat.of().formatHex(key, 0, Math.min(key.length, SHOWN_BYTES));
    return key.length <= SHOWN_BYTES ? shown : shown + "... (" + key.length + " bytes)";
  }
}
