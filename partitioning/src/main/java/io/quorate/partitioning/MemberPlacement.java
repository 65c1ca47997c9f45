package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What all placements of keys on members share: identity, epochs, changes. */
abstract class MemberPlacement<N> implements Partitioner<N> {
  final Membership<N> membership;
  final PlacementOptions options;
  final int replicas;
  private final long epoch;
  /** Computed on first use. Racing threads compute the same; {@code volatile}, so never torn. */
  private volatile long fingerprint;

  MemberPlacement(Membership<N> membership, PlacementOptions options, long epoch) {
    this.membership = membership;
    this.options = options;
    this.replicas = Math.min(options.replicas(), membership.eligible);
    this.epoch = epoch;
    PlacementException.require(epoch > 1 || replicas == options.replicas(), "replicas",
        options.replicas(), "must be at most the number of members with weight, "
            + membership.eligible);
  }

  /** The strategy's number in the encoded form. */
  abstract int kind();

  /** The strategy's own setting in the encoded form. */
  int parameter() {
    return 0;
  }

  /** What else decides lookups, besides members and options. */
  char[] state() {
    return new char[0];
  }

  /** This placement for a membership that differs in the member {@code changed} alone. */
  abstract MemberPlacement<N> successor(Membership<N> next, String changed, long nextEpoch);

  /** The index of the first owner. */
  abstract int ownerIndex(long hash);

  @Override
  public final N ownerOfHash(long hash) {
    return membership.nodes[ownerIndex(hash)];
  }

  /** Writes the indexes of the first owners, at most {@code count}; returns how many. */
  abstract int owners(long hash, int[] out, int count);

  @Override
  public final List<N> ownersOfHash(long hash) {
    int[] indexes = new int[replicas];
    int count = owners(hash, indexes, replicas);
    List<N> owners = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      owners.add(membership.nodes[indexes[i]]);
    }
    return Collections.unmodifiableList(owners);
  }

  @Override
  public int ownersOfHash(long hash, N[] out) {
    if (out.length == 0) {
      return 0;
    }
    int[] indexes = new int[Math.min(replicas, out.length)];
    int count = owners(hash, indexes, indexes.length);
    for (int i = 0; i < count; i++) {
      out[i] = membership.nodes[indexes[i]];
    }
    return count;
  }

  @Override
  public final KeyHash keyHash() {
    return options.keyHash();
  }

  @Override
  public final List<Member<N>> members() {
    return membership.members;
  }

  @Override
  public final int replicas() {
    return replicas;
  }

  @Override
  public final int missingReplicas() {
    return options.replicas() - replicas;
  }

  @Override
  public final long epoch() {
    return epoch;
  }

  @Override
  public final long fingerprint() {
    long known = fingerprint;
    if (known == 0) {
      known = PlacementFormat.fingerprint(this);
      fingerprint = known;
    }
    return known;
  }

  @Override
  public final RebalancePlan<N> with(Member<N> member) {
    Membership<N> next = membership.with(member);
    return plan(next, member.id());
  }

  @Override
  public final RebalancePlan<N> without(String id) {
    requireRemovable(id);
    return plan(membership.without(id), id);
  }

  @Override
  public final RebalancePlan<N> reweight(String id, double weight) {
    Member.requireWeight(weight);
    return plan(membership.reweight(id, weight), id);
  }

  /** Strategies that cannot lose any member say so here. */
  void requireRemovable(String id) {
    membership.require(id);
  }

  private RebalancePlan<N> plan(Membership<N> next, String changed) {
    return new RebalancePlan<>(this, successor(next, changed, epoch + 1));
  }

  @Override
  public final byte[] encode() {
    return PlacementFormat.encode(this);
  }

  @Override
  public final String toString() {
    return getClass().getSimpleName() + "[members=" + membership.size() + ", replicas=" + replicas
        + ", epoch=" + epoch + ", fingerprint=" + Long.toHexString(fingerprint()) + "]";
  }
}
