package io.quorate.replication.quorum;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Where the nodes agree on the placement: one linearizable register with compare-and-set, such as
 * an item of the strongly consistent store. Gossip will not do, since two sides of a partition
 * would move keys to different nodes.
 *
 * <p>Safe for use by many threads. Futures and listeners may be called on any thread; whoever is
 * called returns soon.
 */
public interface PlacementRegister {
  /**
   * The newest state, linearizably; empty before a cluster was formed. May fail, as when no
   * majority of the nodes that keep the register can be reached: stores then go on with the state
   * they have.
   */
  CompletableFuture<Optional<PlacementState>> read();

  /**
   * Puts {@code next} if the newest state is of the epoch before it, or if there is none and {@code
   * next} is of epoch 1.
   *
   * @return whether it was put; false if another came first. Fails with {@link
   *     io.quorate.core.RefusedException} if it was not and will not be, and {@link
   *     io.quorate.core.IndeterminateException} if it may be
   */
  CompletableFuture<Boolean> compareAndSet(PlacementState next);

  /**
   * Has {@code listener} told soon of each newer state. Some may be skipped, or told twice or late:
   * epochs tell.
   *
   * @return ends it
   */
  Watch watch(Consumer<PlacementState> listener);

  /** A listener that can be taken away. */
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Forms a cluster that begins with {@code placement}, unless there is one; returns the state
   * there is. Called once in the life of a cluster, by whoever sets it up, or by every node at each
   * of its starts.
   */
  default CompletableFuture<PlacementState> form(Placement placement) {
    PlacementState first = PlacementState.first(placement);
    return compareAndSet(first)
        .thenCompose(
            put ->
                put
                    ? CompletableFuture.completedFuture(first)
                    : read().thenApply(Optional::orElseThrow));
  }

  /** A register within this process: for tests, and for clusters that live in one process. */
  static PlacementRegister inProcess() {
    return new InProcessRegister();
  }
}
