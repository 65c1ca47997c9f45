package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Partitioner;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What all nodes agree on about who holds which keys: one placement, or while keys are moving, two.
 * Immutable. Each state has the epoch behind that of the one it follows, so that there is one
 * writer for each.
 *
 * <pre>
 * 1 byte    version, 1
 * varint    epoch
 * 1 byte    0 settled, 1 moving
 * current, and next if moving, each:
 *   1 byte    kind
 *   everywhere  (1) the placement's own epoch (varint), count, then nodes (texts)
 *   partitioner (2) what {@link Partitioner#encode} makes (block)
 * </pre>
 *
 * @param epoch at least 1; every request carries it
 * @param current the placement whose replicas hold what was acknowledged
 * @param next where the keys are moving to; while they do, every quorum is one of both
 */
public record PlacementState(long epoch, Placement current, Optional<Placement> next) {
  private static final int VERSION = 1;

  /** The table above. */
  public static final Codec<PlacementState> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, PlacementState state) {
          out.int8(VERSION).varint(state.epoch).bool(state.isMoving());
          writePlacement(out, state.current);
          state.next.ifPresent(next -> writePlacement(out, next));
        }

        @Override
        public PlacementState read(ByteReader in) {
          int version = in.uint8();
          if (version != VERSION) {
            throw in.malformed("version " + version + ", " + VERSION + " expected");
          }
          long epoch = in.varint();
          boolean moving = in.bool();
          try {
            Placement current = readPlacement(in);
            return new PlacementState(
                epoch, current, moving ? Optional.of(readPlacement(in)) : Optional.empty());
          } catch (IllegalArgumentException e) {
            throw in.malformed(e.getMessage());
          }
        }
      };

  public PlacementState {
    if (epoch < 1) {
      throw new IllegalArgumentException("epoch must be at least 1, was " + epoch);
    }
  }

  /** What a new cluster begins with. */
  public static PlacementState first(Placement placement) {
    return new PlacementState(1, placement, Optional.empty());
  }

  /** Whether keys are moving. */
  public boolean isMoving() {
    return next.isPresent();
  }

  /**
   * The state in which keys begin to move to {@code placement}.
   *
   * @throws IllegalStateException if they are moving already
   */
  public PlacementState moveTo(Placement placement) {
    if (isMoving()) {
      throw new IllegalStateException("keys are moving already: " + this);
    }
    return new PlacementState(epoch + 1, current, Optional.of(placement));
  }

  /**
   * The state in which all keys have arrived.
   *
   * @throws IllegalStateException if none are moving
   */
  public PlacementState settled() {
    return new PlacementState(epoch + 1, requireNext(), Optional.empty());
  }

  /**
   * The state in which keys are where they were before they began to move.
   *
   * @throws IllegalStateException if none are moving
   */
  public PlacementState cancelled() {
    requireNext();
    return new PlacementState(epoch + 1, current, Optional.empty());
  }

  private Placement requireNext() {
    return next.orElseThrow(() -> new IllegalStateException("no keys are moving: " + this));
  }

  /** All nodes that hold keys, or will; sorted. */
  public List<NodeId> nodes() {
    TreeSet<NodeId> nodes = new TreeSet<>(current.nodes());
    next.ifPresent(placement -> nodes.addAll(placement.nodes()));
    return List.copyOf(nodes);
  }

  private static void writePlacement(ByteWriter out, Placement placement) {
    if (placement instanceof EverywherePlacement everywhere) {
      out.int8(1).varint(everywhere.epoch()).varint(everywhere.nodes().size());
      everywhere.nodes().forEach(node -> out.text(node.value()));
    } else if (placement instanceof PartitionerPlacement its) {
      for (Member<NodeId> member : its.partitioner().members()) {
        if (!member.id().equals(member.node().value())) {
          throw new IllegalArgumentException(
              "a member's id must be its node's name to be agreed on, was " + member);
        }
      }
      out.int8(2).block(its.partitioner().encode());
    } else {
      throw new AssertionError("unhandled placement " + placement);
    }
  }

  private static Placement readPlacement(ByteReader in) {
    int kind = in.uint8();
    switch (kind) {
      case 1 -> {
        long epoch = in.varint();
        List<NodeId> nodes = new ArrayList<>();
        for (int i = in.count(2, "nodes"); i > 0; i--) {
          nodes.add(NodeId.of(in.text(64, "node")));
        }
        return new EverywherePlacement(epoch, nodes);
      }
      case 2 -> {
        return Placement.of(Partitioner.decode(in.block(), NodeId::of));
      }
      default -> throw in.malformed("placement kind " + kind);
    }
  }
}
