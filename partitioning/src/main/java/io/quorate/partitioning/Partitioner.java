package io.quorate.partitioning;

import java.util.List;
import java.util.function.Function;

/**
 * Maps every key to the nodes that own it.
 *
 * <p>An immutable value: a lookup reads arrays that never change, takes no lock and may run on any
 * number of threads. A change of membership yields a new partitioner with the next epoch, and the
 * exact list of what moves. To publish changes to readers use {@link LivePlacement}.
 *
 * <p>Keys are hashed by {@link #keyHash()}; who has the hash already asks with it. Two partitioners
 * with equal {@linkplain #fingerprint fingerprints} place every key alike.
 *
 * <p>Which strategy: {@link SlotTable} if the placement can be replicated or gossiped as a value
 * (it has history), {@link ConsistentHashRing} if every client must compute it from the membership
 * list alone, {@link RendezvousPartitioner} for up to some 16 nodes, {@link JumpPartitioner} for
 * numbered shards that only grow, {@link MaglevPartitioner} for even stateless spread at the price
 * of some surplus moves, {@link HashPartitioner} for comparison.
 */
public interface Partitioner<N> {
  /** The first owner of the keys with this hash. */
  N ownerOfHash(long hash);

  /**
   * Writes the owners of the keys with this hash to {@code out}, the first owner first: distinct
   * nodes, in distinct zones while there are enough. Allocates nothing for tables (slots, ring,
   * Maglev).
   *
   * @return how many were written: {@link #replicas()}, or {@code out.length} if that is less
   */
  int ownersOfHash(long hash, N[] out);

  /** The owners of the keys with this hash, the first owner first. */
  List<N> ownersOfHash(long hash);

  /** The hash that places keys. */
  KeyHash keyHash();

  /** The members in the order that the strategy keeps: by id, except for numbered shards. */
  List<Member<N>> members();

  /** How many owners each key has. */
  int replicas();

  /** How many owners were asked for and cannot be had, since too few members have weight. */
  int missingReplicas();

  /** The number of changes that led here, from 1. */
  long epoch();

  /**
   * A digest of everything that decides a lookup (not of the epoch): equal for equal placements, in
   * eight bytes.
   */
  long fingerprint();

  /**
   * This placement with one more member.
   *
   * @throws PlacementException if the id is taken
   */
  RebalancePlan<N> with(Member<N> member);

  /**
   * This placement without a member.
   *
   * @throws PlacementException if there is no such member, or no other with weight
   */
  RebalancePlan<N> without(String id);

  /**
   * This placement with another weight for a member; 0 drains it.
   *
   * @throws PlacementException if there is no such member, or none with weight would remain
   */
  RebalancePlan<N> reweight(String id, double weight);

  /** This placement as bytes, with a version and a checksum; the secret seed is in them. */
  byte[] encode();

  /**
   * The placement that {@link #encode()} wrote.
   *
   * @param node gives the node for an id
   * @throws MalformedPlacementException if the bytes are truncated, altered or of a newer version
   */
  static <N> Partitioner<N> decode(byte[] encoded, Function<String, ? extends N> node) {
    return PlacementFormat.decode(encoded, node);
  }

  /** The first owner of a text key. */
  default N ownerOf(CharSequence key) {
    return ownerOfHash(keyHash().hash(key));
  }

  /** The first owner of a byte-string key. */
  default N ownerOf(byte[] key) {
    return ownerOfHash(keyHash().hash(key));
  }

  /** The first owner of a numeric key (not of a hash). */
  default N ownerOf(long key) {
    return ownerOfHash(keyHash().hash(key));
  }

  /** The owners of a text key, the first owner first. */
  default List<N> ownersOf(CharSequence key) {
    return ownersOfHash(keyHash().hash(key));
  }

  /** The owners of a byte-string key, the first owner first. */
  default List<N> ownersOf(byte[] key) {
    return ownersOfHash(keyHash().hash(key));
  }

  /** The owners of a numeric key (not of a hash), the first owner first. */
  default List<N> ownersOf(long key) {
    return ownersOfHash(keyHash().hash(key));
  }
}
