package io.quorate.partitioning;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.LongUnaryOperator;

/**
 * A consistent hash ring with weighted virtual nodes.
 *
 * <p>A pure function of the members: whoever knows them computes the same ring, in whatever order
 * they were named. Each member has {@code virtualNodes} times its weight points on the ring of
 * 64-bit hashes; a point owns the hashes after the previous point, up to and including its own. A
 * change moves keys only to the member that gained or from the one that lost; adding and removing a
 * member gives the same ring as before.
 *
 * <p>Further owners are the next distinct nodes clockwise, each zone's nearest before any zone's
 * second.
 *
 * <p>Cost: a lookup is three memory accesses and less than one step on average. A point costs 10
 * bytes, 2 more per replica if there are several, and 8 to 16 for the index. The spread of the load is random, at 160 points within about a quarter: {@link SlotTable} is even.
 *
 * @see <a href="https://www.cs.princeton.edu/courses/archive/fall09/cos518/papers/chash.pdf">Karger
 *     et al., Consistent Hashing and Random Trees</a>
 */
public final class ConsistentHashRing<N> extends CellPlacement<N> {
  static final int KIND = 1;

  private final RingOptions ringOptions;
  private final RingPoints points;
  private final long[] ends;
  private final PointIndex index;
  private final LongUnaryOperator narrow;

  private ConsistentHashRing(Membership<N> membership, RingOptions options, long epoch,
      RingPoints points, LongUnaryOperator narrow) {
    super(membership, options.placement(), epoch, table(membership, options, points));
    this.ringOptions = options;
    this.points = points;
    this.narrow = narrow;
    this.ends = points.hashes;
    this.index = new PointIndex(ends, points.count());
  }

  /**
   * The ring of the members.
   *
   * @throws PlacementException if no member has weight, ids repeat, there are fewer members than
   *     replicas, or weights make more than 2^24 points
   */
  public static <N> ConsistentHashRing<N> of(
      Collection<Member<N>> members, RingOptions options) {
    return of(members, PlacementException.present(options, "options"), 1, hash -> hash);
  }

  static <N> ConsistentHashRing<N> of(Collection<Member<N>> members, RingOptions options,
      long epoch, LongUnaryOperator narrow) {
    Membership<N> membership = Membership.byId(members);
    RingPoints points = RingPoints.of(membership, options, narrow);
    return new ConsistentHashRing<>(membership, options, epoch, points, narrow);
  }

  @Override
  int ownerIndex(long hash) {
    return table[cell(hash) * replicas];
  }

  @Override
  int cell(long hash) {
    return index.firstAtOrAfter(ends, hash ^ Long.MIN_VALUE);
  }

  @Override
  long lastHash(int cell) {
    return ends[cell] ^ Long.MIN_VALUE;
  }

  /** What the arrays take. */
  int sizeBytes() {
    int separate = table == points.owners ? 0 : Character.BYTES * table.length;
    return Long.BYTES * ends.length + Character.BYTES * points.owners.length + separate
        + index.sizeBytes();
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  int parameter() {
    return ringOptions.virtualNodes();
  }

  @Override
  MemberPlacement<N> successor(Membership<N> next, String changed, long nextEpoch) {
    RingPoints moved = points.successor(membership, next, changed, ringOptions, narrow);
    return new ConsistentHashRing<>(next, ringOptions, nextEpoch, moved, narrow);
  }

  /** The owners of each point's cell, and once more those of the first for what lies behind all. */
  private static char[] table(
      Membership<?> membership, RingOptions options, RingPoints points) {
    int replicas = Math.min(options.placement().replicas(), membership.eligible);
    if (replicas == 1) {
      return points.owners;
    }
    int cells = points.count();
    char[] table = Arrays.copyOf(
        new SuccessorTable(membership, replicas).of(Arrays.copyOf(points.owners, cells)),
        (cells + 1) * replicas);
    System.arraycopy(table, 0, table, cells * replicas, replicas);
    return table;
  }
}
