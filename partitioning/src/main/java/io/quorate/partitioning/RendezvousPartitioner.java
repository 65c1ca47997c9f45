package io.quorate.partitioning;

import java.util.Collection;

/**
 * Rendezvous hashing (highest random weight): every key prefers the members in an order of its own.
 *
 * <p>A pure function of the members, exactly proportional to their weights, with no table at all;
 * a change moves only the keys of the member concerned. A lookup costs O(members): meant for up to
 * some 16.
 *
 * @see <a href="https://www.eecs.umich.edu/techreports/cse/96/CSE-TR-316-96.pdf">Thaler and
 *     Ravishankar, A Name-Based Mapping Scheme for Rendezvous</a>
 */
public final class RendezvousPartitioner<N> extends MemberPlacement<N> {
  static final int KIND = 3;

  private final ScoreOrder order;

  private RendezvousPartitioner(
      Membership<N> membership, PlacementOptions options, long epoch) {
    super(membership, options, epoch);
    this.order = new ScoreOrder(membership, options.keyHash());
  }

  /**
   * Rendezvous over the members.
   *
   * @throws PlacementException if no member has weight, ids repeat, or there are fewer members than
   *     replicas
   */
  public static <N> RendezvousPartitioner<N> of(
      Collection<Member<N>> members, PlacementOptions options) {
    return of(members, PlacementException.present(options, "options"), 1);
  }

  static <N> RendezvousPartitioner<N> of(
      Collection<Member<N>> members, PlacementOptions options, long epoch) {
    return new RendezvousPartitioner<>(Membership.byId(members), options, epoch);
  }

  @Override
  int ownerIndex(long hash) {
    return order.first(hash);
  }

  @Override
  int owners(long hash, int[] out, int count) {
    return order.complete(hash, out, 0, count);
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  MemberPlacement<N> successor(Membership<N> next, String changed, long nextEpoch) {
    return new RendezvousPartitioner<>(next, options, nextEpoch);
  }
}
