package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Joins the moves of neighbouring cells that have the same sender and receiver. */
final class MoveRuns<N> {
  private final OwnerChange<N> change;
  private final List<Move<N>> moves = new ArrayList<>();
  private int count;
  private int[] from = {};
  private int[] to = {};
  private boolean[] handOver = {};
  private long first;
  private long last;

  MoveRuns(OwnerChange<N> change) {
    this.change = change;
  }

  /** Takes the change of the hashes from {@code start} to {@code end}, which come next. */
  void extend(long start, long end) {
    if (!continues()) {
      flush();
      first = start;
      count = change.count;
      from = Arrays.copyOf(change.from, count);
      to = Arrays.copyOf(change.to, count);
      handOver = Arrays.copyOf(change.handOver, count);
    }
    last = end;
  }

  private boolean continues() {
    if (count != change.count) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      if (from[i] != change.from[i] || to[i] != change.to[i]
          || handOver[i] != change.handOver[i]) {
        return false;
      }
    }
    return true;
  }

  private void flush() {
    for (int i = 0; i < count; i++) {
      moves.add(change.move(from[i], to[i], handOver[i], new HashRange(first, last)));
    }
  }

  List<Move<N>> finish() {
    flush();
    return moves;
  }
}
