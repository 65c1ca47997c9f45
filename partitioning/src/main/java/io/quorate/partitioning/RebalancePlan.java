package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.List;

/**
 * A change of placement: what was, what will be, and exactly what must move in between.
 *
 * <p>Immutable and thread-safe. The moves are computed when first asked for, in time linear in the
 * cells of both placements; for strategies that scatter keys, in the pairs of members concerned.
 */
public final class RebalancePlan<N> {
  private final MemberPlacement<N> before;
  private final MemberPlacement<N> after;
  private volatile List<Move<N>> moves;

  RebalancePlan(MemberPlacement<N> before, MemberPlacement<N> after) {
    this.before = before;
    this.after = after;
  }

  /**
   * The plan that leads from one placement to another: over several epochs, or from one strategy to
   * another.
   *
   * @throws PlacementException if they hash keys differently or are not of this library's making
   */
  public static <N> RebalancePlan<N> between(Partitioner<N> before, Partitioner<N> after) {
    PlacementException.require(before.keyHash().equals(after.keyHash()), "keyHash",
        after.keyHash(), "must be the same before and after");
    return new RebalancePlan<>(own(before, "before"), own(after, "after"));
  }

  private static <N> MemberPlacement<N> own(Partitioner<N> placement, String argument) {
    if (placement instanceof MemberPlacement<N> known) {
      return known;
    }
    throw new PlacementException(argument, placement, "must be a placement of this library");
  }

  /** The placement that was changed; it is as it was. */
  public Partitioner<N> before() {
    return before;
  }

  /** The new placement, one epoch later. */
  public Partitioner<N> after() {
    return after;
  }

  /**
   * What must move, in order of hashes; ranges with the same two nodes do not touch. A change of
   * the order of owners moves nothing.
   */
  public List<Move<N>> moves() {
    List<Move<N>> known = moves;
    if (known == null) {
      known = List.copyOf(before instanceof CellPlacement<N> from
          && after instanceof CellPlacement<N> to
          ? rangeMoves(from, to) : scatteredMoves());
      moves = known;
    }
    return known;
  }

  /** Whether a key with this hash is part of the move. */
  public boolean covers(Move<N> move, long hash) {
    if (!move.range().contains(hash)) {
      return false;
    }
    for (Move<N> actual : movesOf(hash)) {
      if (actual.from().equals(move.from()) && actual.to().equals(move.to())
          && actual.handOver() == move.handOver()) {
        return true;
      }
    }
    return false;
  }

  /** The moves of the keys with this one hash. */
  public List<Move<N>> movesOf(long hash) {
    OwnerChange<N> change = new OwnerChange<>(before, after);
    change.read(before.owners(hash, change.old, before.replicas),
        after.owners(hash, change.now, after.replicas));
    List<Move<N>> result = new ArrayList<>();
    for (int i = 0; i < change.count; i++) {
      result.add(change.move(i, new HashRange(hash, hash)));
    }
    return result;
  }

  /**
   * The copies that move, as a part of the hash space: 1 is one copy of every key. Exact for
   * tables; for strategies that scatter, counted over 65536 pseudo-random hashes.
   */
  public double movedShare() {
    if (before instanceof CellPlacement<N> && after instanceof CellPlacement<N>) {
      return moves().stream().mapToDouble(move -> move.range().share()).sum();
    }
    long moved = 0;
    for (int i = 0; i < 1 << 16; i++) {
      moved += movesOf(Xxh3.hash(i, 0)).size();
    }
    return moved / 65536.0;
  }

  private static <N> List<Move<N>> rangeMoves(CellPlacement<N> from, CellPlacement<N> to) {
    OwnerChange<N> change = new OwnerChange<>(from, to);
    MoveRuns<N> runs = new MoveRuns<>(change);
    int fromCell = 0;
    int toCell = 0;
    long start = 0;
    while (true) {
      long fromLast = from.lastHash(fromCell);
      long toLast = to.lastHash(toCell);
      int order = Long.compareUnsigned(fromLast, toLast);
      long last = order <= 0 ? fromLast : toLast;
      if (Long.compareUnsigned(last, start) >= 0) {
        change.read(from.ownersOfCell(fromCell, change.old, from.replicas),
            to.ownersOfCell(toCell, change.now, to.replicas));
        runs.extend(start, last);
        if (last == -1) {
          return runs.finish();
        }
        start = last + 1;
      }
      fromCell += order <= 0 ? 1 : 0;
      toCell += order >= 0 ? 1 : 0;
    }
  }

  private List<Move<N>> scatteredMoves() {
    List<Move<N>> result = new ArrayList<>();
    for (Member<N> from : before.members()) {
      for (Member<N> to : after.members()) {
        if (mayMove(from, to)) {
          if (before.replicas == after.replicas || before.replicas > 1) {
            result.add(new Move<>(HashRange.ALL, from.node(), to.node(), true));
          }
          if (after.replicas > before.replicas) {
            result.add(new Move<>(HashRange.ALL, from.node(), to.node(), false));
          }
        }
      }
    }
    return result;
  }

  /**
   * Whether any key may move between the two. Where the strategy moves keys only to the member that
   * gained and from the one that lost weight, the others are left out. Modulo hashing moves between
   * all; jump hashing may, where a new first owner drives another out of its zone.
   */
  private boolean mayMove(Member<N> from, Member<N> to) {
    if (from.id().equals(to.id()) || from.weight() == 0 || to.weight() == 0) {
      return false;
    }
    boolean monotone = before.getClass() == after.getClass()
        && !(before instanceof HashPartitioner<N>)
        && !(before instanceof JumpPartitioner<N> && zoned(before.membership)
            && before.replicas > 1)
        && before.replicas == after.replicas;
    return !monotone || gain(from.id()) < 0 || gain(to.id()) > 0;
  }

  private static boolean zoned(Membership<?> membership) {
    return membership.zoneCount < membership.size();
  }

  private double gain(String id) {
    return weight(after, id) - weight(before, id);
  }

  private static <N> double weight(MemberPlacement<N> placement, String id) {
    int index = placement.membership.indexOf(id);
    return index < 0 ? 0 : placement.membership.weights[index];
  }

  @Override
  public String toString() {
    return "RebalancePlan[" + before + " -> " + after + "]";
  }
}
