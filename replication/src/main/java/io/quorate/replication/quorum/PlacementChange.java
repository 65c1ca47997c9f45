package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Partitioner;
import java.util.ArrayList;
import java.util.List;

/** What is to become different about a placement. */
public sealed interface PlacementChange {
  /** One more node, with as much weight as any; where it is placed by members, in their zone "". */
  record Add(NodeId node) implements PlacementChange {}

  /** One more member, with a weight and a zone. Of use where a partitioner places. */
  record AddMember(Member<NodeId> member) implements PlacementChange {}

  /** One node less; it may be dead. */
  record Remove(NodeId node) implements PlacementChange {}

  /** One node in the place of another, which may be dead, with its weight and zone. */
  record Replace(NodeId node, NodeId by) implements PlacementChange {}

  /** Another placement altogether; its own epoch does not matter. */
  record To(Placement placement) implements PlacementChange {}

  static PlacementChange add(NodeId node) {
    return new Add(node);
  }

  static PlacementChange add(Member<NodeId> member) {
    return new AddMember(member);
  }

  static PlacementChange remove(NodeId node) {
    return new Remove(node);
  }

  static PlacementChange replace(NodeId node, NodeId by) {
    return new Replace(node, by);
  }

  static PlacementChange to(Placement placement) {
    return new To(placement);
  }

  /**
   * {@code placement} with this change.
   *
   * @throws IllegalArgumentException if a node to add is in it, a node to remove is not, or too few
   *     would remain
   */
  default Placement applyTo(Placement placement) {
    if (this instanceof To to) {
      return to.placement;
    }
    if (this instanceof Add add) {
      return with(placement, Member.of(add.node, add.node.value()));
    }
    if (this instanceof AddMember add) {
      return with(placement, add.member);
    }
    if (this instanceof Remove remove) {
      return without(placement, remove.node);
    }
    if (this instanceof Replace replace) {
      return replaced(placement, replace);
    }
    throw new AssertionError("unhandled change " + this);
  }

  private static Placement with(Placement placement, Member<NodeId> member) {
    if (placement.nodes().contains(member.node())) {
      throw new IllegalArgumentException(
          "node must not be in the placement, was " + member.node() + " of " + placement.nodes());
    }
    if (placement instanceof PartitionerPlacement its) {
      return Placement.of(its.partitioner().with(member).after());
    }
    List<NodeId> nodes = new ArrayList<>(placement.nodes());
    nodes.add(member.node());
    return Placement.everywhere(placement.epoch() + 1, nodes);
  }

  private static Placement without(Placement placement, NodeId node) {
    requireMember(placement, node);
    if (placement.nodes().size() == 1) {
      throw new IllegalArgumentException("node must not be the last one, was " + node);
    }
    if (placement instanceof PartitionerPlacement its) {
      return Placement.of(its.partitioner().without(node.value()).after());
    }
    List<NodeId> nodes = new ArrayList<>(placement.nodes());
    nodes.remove(node);
    return Placement.everywhere(placement.epoch() + 1, nodes);
  }

  private static Placement replaced(Placement placement, Replace replace) {
    requireMember(placement, replace.node);
    if (!(placement instanceof PartitionerPlacement its)) {
      return without(with(placement, Member.of(replace.by, replace.by.value())), replace.node);
    }
    Partitioner<NodeId> partitioner = its.partitioner();
    Member<NodeId> old =
        partitioner.members().stream()
            .filter(member -> member.node().equals(replace.node))
            .findFirst()
            .orElseThrow();
    Member<NodeId> by =
        new Member<>(replace.by, replace.by.value(), old.weight(), old.zone());
    // The new one comes first, so that there are never too few.
    return without(with(placement, by), replace.node);
  }

  private static void requireMember(Placement placement, NodeId node) {
    if (!placement.nodes().contains(node)) {
      throw new IllegalArgumentException(
          "node must be in the placement, was " + node + ", not of " + placement.nodes());
    }
  }
}
