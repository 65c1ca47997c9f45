package io.quorate.examples.tabular;

import java.util.SplittableRandom;

/**
 * An order of the rows for each epoch: a function of seed and epoch alone, so that all workers
 * agree and a restarted job reads the same again. Keeps the last one. Safe for use by many threads.
 */
final class EpochOrder {
  private record Order(long epoch, int[] places) {}

  private final int rows;
  private final long seed;
  private volatile Order last = new Order(-1, new int[0]);

  EpochOrder(int rows, long seed) {
    this.rows = rows;
    this.seed = seed;
  }

  int[] of(long epoch) {
    Order known = last;
    if (known.epoch() != epoch) {
      known = new Order(epoch, shuffled(epoch));
      last = known;
    }
    return known.places();
  }

  private int[] shuffled(long epoch) {
    SplittableRandom random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + epoch);
    int[] places = new int[rows];
    for (int i = 0; i < rows; i++) {
      int j = random.nextInt(i + 1);
      places[i] = places[j];
      places[j] = i;
    }
    return places;
  }
}
