package io.quorate.consensus.raft;

import java.util.Arrays;
import java.util.function.BiConsumer;

/**
 * The results of one session's commands by their sequence numbers. These nearly always come in
 * ascending order and are forgotten in that order too, so both cost next to nothing; what comes out
 * of order is moved to its place.
 */
final class Answers<R> {
  private long[] sequences = new long[16];
  private Object[] results = new Object[16];
  private int from;
  private int end;

  int size() {
    return end - from;
  }

  /** The place of {@code sequence}, for {@link #at}; negative if it has no result. */
  int find(long sequence) {
    if (from == end || sequence > sequences[end - 1]) {
      return -1;
    }
    return Arrays.binarySearch(sequences, from, end, sequence);
  }

  @SuppressWarnings("unchecked")
  R at(int place) {
    return (R) results[place];
  }

  /** Remembers the result of a sequence that has none. */
  void add(long sequence, R result) {
    if (end == sequences.length) {
      makeRoom();
    }
    int place = end;
    while (place > from && sequences[place - 1] > sequence) {
      place--;
    }
    System.arraycopy(sequences, place, sequences, place + 1, end - place);
    System.arraycopy(results, place, results, place + 1, end - place);
    sequences[place] = sequence;
    results[place] = result;
    end++;
  }

  /** Forgets the results of all sequences below {@code sequence}. */
  void forgetBelow(long sequence) {
    while (from < end && sequences[from] < sequence) {
      results[from++] = null;
    }
  }

  void forEach(BiConsumer<Long, R> visitor) {
    for (int place = from; place < end; place++) {
      visitor.accept(sequences[place], at(place));
    }
  }

  private void makeRoom() {
    int count = end - from;
    boolean grow = count > sequences.length / 2;
    long[] newSequences = grow ? new long[2 * sequences.length] : sequences;
    Object[] newResults = grow ? new Object[2 * results.length] : results;
    System.arraycopy(sequences, from, newSequences, 0, count);
    System.arraycopy(results, from, newResults, 0, count);
    Arrays.fill(newResults, count, newResults.length, null);
    sequences = newSequences;
    results = newResults;
    from = 0;
    end = count;
  }
}
