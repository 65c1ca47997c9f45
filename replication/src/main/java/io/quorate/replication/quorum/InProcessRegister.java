package io.quorate.replication.quorum;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A register in memory. Safe for use by many threads. */
final class InProcessRegister implements PlacementRegister {
  private final AtomicReference<PlacementState> newest = new AtomicReference<>();
  private final List<Consumer<PlacementState>> listeners = new CopyOnWriteArrayList<>();

  @Override
  public CompletableFuture<Optional<PlacementState>> read() {
    return CompletableFuture.completedFuture(Optional.ofNullable(newest.get()));
  }

  @Override
  public CompletableFuture<Boolean> compareAndSet(PlacementState next) {
    PlacementState before = newest.get();
    long epoch = before == null ? 0 : before.epoch();
    boolean put = epoch == next.epoch() - 1 && newest.compareAndSet(before, next);
    if (put) {
      listeners.forEach(listener -> listener.accept(next));
    }
    return CompletableFuture.completedFuture(put);
  }

  @Override
  public Watch watch(Consumer<PlacementState> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
