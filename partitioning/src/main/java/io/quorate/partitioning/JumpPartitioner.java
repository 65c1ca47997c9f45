package io.quorate.partitioning;

import java.util.Collection;

/**
 * Jump consistent hashing over numbered shards: no table, even spread, and a new shard takes its
 * share from all others alike.
 *
 * <p>The order of the members is their numbering. Only the last can leave, and weights are not
 * known: for both use another strategy. Further owners are chosen by rendezvous, in O(members);
 * when a shard leaves, a key exchanges at most one owner, or two if the new first owner's zone is
 * taken.
 *
 * @see <a href="https://arxiv.org/abs/1406.2294">Lamping and Veach, A Fast, Minimal Memory,
 *     Consistent Hash Algorithm</a>
 */
public final class JumpPartitioner<N> extends MemberPlacement<N> {
  static final int KIND = 4;

  private final ScoreOrder order;

  private JumpPartitioner(Membership<N> membership, PlacementOptions options, long epoch) {
    super(membership, options, epoch);
    membership.requireUnweighted("jump hashing");
    this.order = new ScoreOrder(membership, options.keyHash());
  }

  /**
   * Jump hashing over the members, in the order given.
   *
   * @throws PlacementException if there is no member, ids repeat, a weight is not 1, or there are
   *     fewer members than replicas
   */
  public static <N> JumpPartitioner<N> of(
      Collection<Member<N>> members, PlacementOptions options) {
    return of(members, PlacementException.present(options, "options"), 1);
  }

  static <N> JumpPartitioner<N> of(
      Collection<Member<N>> members, PlacementOptions options, long epoch) {
    return new JumpPartitioner<>(Membership.inOrder(members), options, epoch);
  }

  @Override
  int ownerIndex(long hash) {
    return shard(hash, membership.size());
  }

  @Override
  int owners(long hash, int[] out, int count) {
    out[0] = shard(hash, membership.size());
    return order.complete(hash, out, 1, count);
  }

  static int shard(long hash, int shards) {
    long key = hash;
    long shard = 0;
    long next = 0;
    while (next < shards) {
      shard = next;
      key = key * 2862933555777941757L + 1;
      next = (long) ((shard + 1) * (0x1p31 / ((key >>> 33) + 1)));
    }
    return (int) shard;
  }

  @Override
  void requireRemovable(String id) {
    super.requireRemovable(id);
    int last = membership.size() - 1;
    PlacementException.require(membership.indexOf(id) == last, "id", id,
        "must be that of the last shard, " + membership.members.get(last).id());
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  MemberPlacement<N> successor(Membership<N> next, String changed, long nextEpoch) {
    return new JumpPartitioner<>(next, options, nextEpoch);
  }
}
