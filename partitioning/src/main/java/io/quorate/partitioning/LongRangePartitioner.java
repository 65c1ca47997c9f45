package io.quorate.partitioning;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Ranges of {@code long} keys, ordered as signed numbers. */
public final class LongRangePartitioner<N> extends RangePartitioner<Long, N> {
  /** Ascending. */
  private final long[] bounds;

  private LongRangePartitioner(
      long[] bounds, List<N> owners, Function<? super N, String> id, long epoch) {
    super(owners, id, epoch);
    this.bounds = bounds;
  }

  /** One range, which holds every key. */
  public static <N> LongRangePartitioner<N> of(N owner, Function<? super N, String> id) {
    PlacementException.present(owner, "owner");
    return new LongRangePartitioner<>(new long[0], List.of(owner), id, 1);
  }

  /**
   * The given ranges.
   *
   * @throws PlacementException if they are not in order, or leave a gap, or overlap
   */
  public static <N> LongRangePartitioner<N> of(
      List<KeyRange<Long, N>> ranges, Function<? super N, String> id) {
    List<Long> bounds = requireCover(ranges, Long::compare, String::valueOf);
    return restore(bounds, ranges.stream().map(KeyRange::owner).toList(), id, 1);
  }

  static <N> LongRangePartitioner<N> restore(
      List<Long> bounds, List<N> owners, Function<? super N, String> id, long epoch) {
    return new LongRangePartitioner<>(
        bounds.stream().mapToLong(Long::longValue).toArray(), owners, id, epoch);
  }

  /**
   * The placement that {@link #encode()} wrote.
   *
   * @param node gives the node for an id
   * @throws MalformedPlacementException if the bytes are truncated, altered or of a newer version
   */
  public static <N> LongRangePartitioner<N> decode(
      byte[] encoded, Function<String, N> node, Function<? super N, String> id) {
    return RangeFormat.decode(encoded, RangeFormat.LONGS,
        bytes -> ByteBuffer.wrap(bytes).getLong(), node,
        (ranges, epoch) -> {
          List<Long> bounds = requireCover(ranges, Long::compare, String::valueOf);
          return restore(bounds, ranges.stream().map(KeyRange::owner).toList(), id, epoch);
        });
  }

  /** The owner of the key. */
  public N ownerOf(long key) {
    return owners.get(indexOf(key));
  }

  @Override
  int indexOf(Long key) {
    return indexOf(key.longValue());
  }

  private int indexOf(long key) {
    long[] sorted = bounds;
    int base = 0;
    int left = sorted.length;
    while (left > 0) {
      int half = left >>> 1;
      boolean beyond = sorted[base + half] <= key;
      base = beyond ? base + half + 1 : base;
      left = beyond ? left - half - 1 : half;
    }
    return base;
  }

  @Override
  List<Long> bounds() {
    return new ArrayList<>(Arrays.stream(bounds).boxed().toList());
  }

  @Override
  int compare(Long a, Long b) {
    return Long.compare(a, b);
  }

  @Override
  boolean isLowest(Long key) {
    return key == Long.MIN_VALUE;
  }

  @Override
  Optional<Long> following(Long key) {
    return key == Long.MAX_VALUE ? Optional.empty() : Optional.of(key + 1);
  }

  @Override
  RangePartitioner<Long, N> rebuilt(List<Long> nextBounds, List<N> nextOwners, long epoch) {
    return restore(nextBounds, nextOwners, id, epoch);
  }

  @Override
  byte[] keyBytes(Long key) {
    return ByteBuffer.allocate(Long.BYTES).putLong(key).array();
  }

  @Override
  String show(Long key) {
    return key.toString();
  }
}
