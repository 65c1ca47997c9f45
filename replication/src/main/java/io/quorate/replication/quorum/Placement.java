package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.partitioning.Partitioner;
import java.util.Collection;
import java.util.List;

/**
 * Which nodes hold which keys. Immutable, and the same on every node.
 *
 * <p>A store that is opened with one keeps it; a store that is opened with a {@link
 * PlacementRegister} goes from one to the next, and the epoch that counts is then the {@linkplain
 * PlacementState state's}. Each request carries it, and replicas refuse those of another one.
 */
public sealed interface Placement permits EverywherePlacement, PartitionerPlacement {
  /** Grows with every change; at least 1. */
  long epoch();

  /** All nodes that may hold keys, sorted. */
  List<NodeId> nodes();

  /** The nodes that hold {@code key}, distinct, the preferred one first. */
  List<NodeId> replicasOf(byte[] key);

  /**
   * The different lists that {@link #replicasOf} gives. Replicas compare themselves set by set, so
   * fewer sets make repair cheaper.
   */
  List<List<NodeId>> sets();

  /**
   * The owners that {@code partitioner} gives each key, by its epoch. Zones are the partitioner's
   * part: give its members theirs, and owners are in distinct ones as far as there are enough.
   *
   * <p>For up to some tens of nodes: every combination of as many nodes as there are replicas
   * counts as a set of its own.
   *
   * @throws IllegalArgumentException if fewer members can own keys than there are to be replicas
   */
  static Placement of(Partitioner<NodeId> partitioner) {
    return new PartitionerPlacement(partitioner);
  }

  /**
   * Every node holds every key: what a cluster of three is.
   *
   * @throws IllegalArgumentException if there is no node or the epoch is less than 1
   */
  static Placement everywhere(long epoch, Collection<NodeId> nodes) {
    return new EverywherePlacement(epoch, List.copyOf(nodes));
  }
}
