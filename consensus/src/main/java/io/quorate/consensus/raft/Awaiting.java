package io.quorate.consensus.raft;

import io.quorate.core.OperationException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Who waits on the leader for which entries, batch by batch as they were accepted. Belongs to the
 * group's loop.
 */
final class Awaiting<R> {
  private static final class Batch<R> {
    final long firstIndex;
    final long term;
    final List<? extends Completion<R>> completions;
    /** How many of them have been taken. */
    int taken;

    Batch(long firstIndex, long term, List<? extends Completion<R>> completions) {
      this.firstIndex = firstIndex;
      this.term = term;
      this.completions = completions;
    }
  }

  private final Deque<Batch<R>> batches = new ArrayDeque<>();

  boolean isEmpty() {
    return batches.isEmpty();
  }

  /** Those whose entries have been given the indexes from {@code firstIndex} on in {@code term}. */
  void add(long firstIndex, long term, List<? extends Completion<R>> completions) {
    batches.addLast(new Batch<>(firstIndex, term, completions));
  }

  /**
   * Who waits for each of {@code entries}, which are committed from {@code firstIndex} on; null
   * where nobody does, or where another leader's entry has taken the place of what was accepted.
   */
  List<Completion<R>> take(long firstIndex, List<Entry> entries) {
    List<Completion<R>> waiting = new ArrayList<>(entries.size());
    for (int i = 0; i < entries.size(); i++) {
      Batch<R> batch = batches.peekFirst();
      if (batch == null
          || batch.firstIndex + batch.taken != firstIndex + i
          || batch.term != entries.get(i).term) {
        waiting.add(null);
        continue;
      }
      waiting.add(batch.completions.get(batch.taken));
      batch.taken++;
      if (batch.taken == batch.completions.size()) {
        batches.pollFirst();
      }
    }
    return waiting;
  }

  /** Fails all who still wait. */
  void fail(OperationException cause) {
    List<Batch<R>> lost = List.copyOf(batches);
    batches.clear();
    for (Batch<R> batch : lost) {
      batch
          .completions
          .subList(batch.taken, batch.completions.size())
          .forEach(completion -> completion.failed(cause));
    }
  }
}
