package io.quorate.replication.training;

import io.quorate.core.NodeId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The results that are coming in, one for each place of work. The arrays of those that are used up
 * serve later ones, so that a step like the one before allocates none.
 */
final class ResultBuffers {
  /** As many results may wait for their turn and be forgotten without loss of speed. */
  private static final int MAX_SPARES = 256;

  private final int maxBytes;
  private final TreeMap<Place, PartBuffer> incoming = new TreeMap<>();
  private final Deque<byte[]> spares = new ArrayDeque<>();

  /** Results may have {@code maxBytes}. */
  ResultBuffers(long maxBytes) {
    this.maxBytes = (int) Math.min(Integer.MAX_VALUE - 8, maxBytes);
  }

  /** Adds a part of what {@code place} hands in; its result is to be taken if this makes it whole. */
  PartBuffer.Outcome add(Place place, TrainingMessage.Part part) {
    if (part.total() > maxBytes) {
      return PartBuffer.Outcome.BROKEN;
    }
    PartBuffer buffer = incoming.get(place);
    if (buffer == null || !buffer.work().equals(part.work())) {
      buffer = new PartBuffer(part.work(), part.total(), room(part.total()));
      incoming.put(place, buffer);
    }
    PartBuffer.Outcome outcome = buffer.add(part);
    if (outcome == PartBuffer.Outcome.GAP || outcome == PartBuffer.Outcome.BROKEN) {
      incoming.remove(place);
    }
    return outcome;
  }

  /** Takes out the result of {@code place}, which is whole. */
  ShardResult take(Place place) {
    return incoming.remove(place).result(place.worker());
  }

  /** Nothing more comes of these works. */
  void forget(Predicate<TrainingMessage.Work> which) {
    incoming.values().removeIf(buffer -> which.test(buffer.work()));
  }

  /** Nothing more comes of {@code worker}. */
  void forget(NodeId worker) {
    incoming.keySet().removeIf(place -> place.worker().equals(worker));
  }

  /** Nobody needs {@code results} any more. */
  void usedUp(List<ShardResult> results) {
    for (ShardResult result : results) {
      if (spares.size() < MAX_SPARES) {
        spares.push(result.gradient().array());
      }
    }
  }

  private byte[] room(int bytes) {
    Optional<byte[]> spare = Optional.ofNullable(spares.poll()).filter(a -> a.length >= bytes);
    // A little more, since the next one may be a little longer.
    return spare.orElseGet(() -> new byte[(int) Math.min(maxBytes, bytes + bytes / 16L)]);
  }
}
