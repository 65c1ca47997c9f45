package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.partitioning.Partitioner;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * Which nodes hold which keys. Immutable, and the same on every node: each request carries its epoch,
 * and replicas refuse those of another one.
 */
public interface Placement {
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
   * <p>For up to some tens of nodes: every combination of as many nodes as there are replicas counts
   * as a set of its own.
   *
   * @throws IllegalArgumentException if fewer members can own keys than there are to be replicas
   */
  static Placement of(Partitioner<NodeId> partitioner) {
    return new PartitionerPlacement(partitioner);
  }

  /** Every node holds every key: what a cluster of three is. */
  static Placement everywhere(long epoch, Collection<NodeId> nodes) {
    List<NodeId> all = List.copyOf(new TreeSet<>(nodes));
    return new Placement() {
      @Override
      public long epoch() {
        return epoch;
      }

      @Override
      public List<NodeId> nodes() {
        return all;
      }

      @Override
      public List<NodeId> replicasOf(byte[] key) {
        return all;
      }

      @Override
      public List<List<NodeId>> sets() {
        return List.of(all);
      }
    };
  }
}
