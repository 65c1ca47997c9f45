package io.quorate.partitioning;

import java.util.List;

/**
 * A change of a range placement.
 *
 * @param before what was
 * @param after what will be, one epoch later
 * @param moves what must move in between; empty if only bounds changed
 */
public record RangeChange<K, N>(
    RangePartitioner<K, N> before, RangePartitioner<K, N> after, List<RangeMove<K, N>> moves) {
  public RangeChange {
    moves = List.copyOf(moves);
  }
}
