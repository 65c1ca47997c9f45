package io.quorate.partitioning;

import java.util.Collection;

/**
 * The hash modulo the number of members: simple, even, and ruinous to change.
 *
 * <p>Kept to compare with. Going from n to n + 1 members moves n of n + 1 keys (91% at 10 members,
 * 99% at 100), where the others move one of n + 1; {@link RebalancePlan#moves()} then names every
 * pair of members. At most {@value #MAX_MEMBERS} members, all of weight 1. Further owners are
 * chosen by rendezvous, in O(members).
 */
public final class HashPartitioner<N> extends MemberPlacement<N> {
  /** The largest number of members: a change lists every pair. */
  public static final int MAX_MEMBERS = 1024;

  static final int KIND = 5;

  private final ScoreOrder order;

  private HashPartitioner(Membership<N> membership, PlacementOptions options, long epoch) {
    super(membership, options, epoch);
    membership.requireUnweighted("modulo hashing");
    PlacementException.require(membership.size() <= MAX_MEMBERS, "members", membership.size(),
        "must be at most " + MAX_MEMBERS + " in modulo hashing");
    this.order = new ScoreOrder(membership, options.keyHash());
  }

  /**
   * Modulo hashing over the members.
   *
   * @throws PlacementException if there is no member or too many, ids repeat, a weight is not 1, or
   *     there are fewer members than replicas
   */
  public static <N> HashPartitioner<N> of(
      Collection<Member<N>> members, PlacementOptions options) {
    return of(members, PlacementException.present(options, "options"), 1);
  }

  static <N> HashPartitioner<N> of(
      Collection<Member<N>> members, PlacementOptions options, long epoch) {
    return new HashPartitioner<>(Membership.byId(members), options, epoch);
  }

  @Override
  int ownerIndex(long hash) {
    return shard(hash);
  }

  private int shard(long hash) {
    return (int) Long.remainderUnsigned(hash, membership.size());
  }

  @Override
  int owners(long hash, int[] out, int count) {
    out[0] = shard(hash);
    return order.complete(hash, out, 1, count);
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  MemberPlacement<N> successor(Membership<N> next, String changed, long nextEpoch) {
    return new HashPartitioner<>(next, options, nextEpoch);
  }
}
