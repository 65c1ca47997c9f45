package io.quorate.partitioning;

/**
 * Finds the first of many ascending numbers that is not below a given one, in constant expected
 * time: the top bits choose a bucket, whose first candidate is known; from there it is less than
 * one step on average, if the numbers are spread like hashes.
 *
 * <p>Numbers have their top bit flipped and are compared as signed.
 */
final class PointIndex {
  private final int[] first;
  private final int shift;

  PointIndex(long[] ascending, int count) {
    int bits = Math.max(1, 64 - Long.numberOfLeadingZeros(2L * count - 1));
    shift = 64 - bits;
    first = new int[1 << bits];
    int i = 0;
    for (int bucket = 0; bucket < first.length; bucket++) {
      long start = (long) bucket << shift ^ Long.MIN_VALUE;
      while (i < count && ascending[i] < start) {
        i++;
      }
      first[bucket] = i;
    }
  }

  int sizeBytes() {
    return Integer.BYTES * first.length;
  }

  /** The numbers must hold one that is not below {@code wanted}. */
  int firstAtOrAfter(long[] ascending, long wanted) {
    int i = first[(int) ((wanted ^ Long.MIN_VALUE) >>> shift)];
    while (ascending[i] < wanted) {
      i++;
    }
    return i;
  }
}
