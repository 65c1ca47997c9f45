package io.quorate.replication.replica;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Takes many versions one after the other, without a future for each that needs none. */
final class Arrivals {
  private Arrivals() {}

  /** Takes all, in order; the highest sequence at which one of them is durable. */
  static CompletableFuture<Long> takeAll(Arrival arrival, List<RepairMessage.Held> cells) {
    return takeRest(arrival, cells.iterator(), 0);
  }

  private static CompletableFuture<Long> takeRest(
      Arrival arrival, Iterator<RepairMessage.Held> rest, long before) {
    long sequence = before;
    while (rest.hasNext()) {
      RepairMessage.Held held = rest.next();
      CompletableFuture<Long> taken = arrival.take(held.key(), held.cell());
      if (!taken.isDone() || taken.isCompletedExceptionally()) {
        long sofar = sequence;
        return taken.thenCompose(its -> takeRest(arrival, rest, Math.max(sofar, its)));
      }
      sequence = Math.max(sequence, taken.join());
    }
    return CompletableFuture.completedFuture(sequence);
  }
}
