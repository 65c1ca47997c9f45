package io.quorate.partitioning;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * The placement in force: one value that many threads read and any may replace.
 *
 * <p>Readers never wait and see whole placements only. Changes are applied one after the other;
 * none is lost.
 */
public final class LivePlacement<N> {
  private final AtomicReference<Partitioner<N>> current;

  /** Begins with the given placement. */
  public LivePlacement(Partitioner<N> first) {
    current = new AtomicReference<>(PlacementException.present(first, "first"));
  }

  /** The placement in force. */
  public Partitioner<N> current() {
    return current.get();
  }

  /**
   * Changes the placement, for example {@code live.change(p -> p.without("n3"))}.
   *
   * @param change called again, with the newer placement, whenever another change came first
   * @return the plan that was put into force
   * @throws PlacementException what {@code change} throws; the placement stays as it was
   */
  public RebalancePlan<N> change(Function<Partitioner<N>, RebalancePlan<N>> change) {
    while (true) {
      Partitioner<N> before = current.get();
      RebalancePlan<N> plan = change.apply(before);
      if (current.compareAndSet(before, plan.after())) {
        return plan;
      }
    }
  }

  /**
   * Takes over a placement that another node made.
   *
   * @return whether it was newer than the one in force
   */
  public boolean offer(Partitioner<N> candidate) {
    while (true) {
      Partitioner<N> known = current.get();
      if (candidate.epoch() <= known.epoch()) {
        return false;
      }
      if (current.compareAndSet(known, candidate)) {
        return true;
      }
    }
  }

  /**
   * The placement in force, for a request that was routed by the given epoch.
   *
   * @throws StaleEpochException if that is not the epoch in force: the sender must learn the newer
   *     placement, or this node must
   */
  public Partitioner<N> require(long requestEpoch) {
    Partitioner<N> known = current.get();
    if (known.epoch() != requestEpoch) {
      throw new StaleEpochException(requestEpoch, known.epoch());
    }
    return known;
  }
}
