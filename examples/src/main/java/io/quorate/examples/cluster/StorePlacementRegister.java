package io.quorate.examples.cluster;

import io.quorate.consensus.store.ConsistentStore;
import io.quorate.consensus.store.StoreEvent;
import io.quorate.consensus.store.Versioned;
import io.quorate.replication.quorum.PlacementRegister;
import io.quorate.replication.quorum.PlacementState;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The placement as one item of the strongly consistent store: of two that would write the same
 * epoch one does. Safe for use by many threads.
 */
public final class StorePlacementRegister implements PlacementRegister {
  private final ConsistentStore<String, byte[]> store;
  private final String key;

  /** The item {@code key} of {@code store}, which may keep other items too. */
  public StorePlacementRegister(ConsistentStore<String, byte[]> store, String key) {
    this.store = store;
    this.key = key;
  }

  @Override
  public CompletableFuture<Optional<PlacementState>> read() {
    return store.get(key).thenApply(found -> found.map(StorePlacementRegister::state));
  }

  @Override
  public CompletableFuture<Boolean> compareAndSet(PlacementState next) {
    if (next.epoch() == 1) {
      return store.putIfAbsent(key, bytes(next)).thenApply(Optional::isPresent);
    }
    return store
        .get(key)
        .thenCompose(
            found -> {
              if (found.isEmpty() || state(found.get()).epoch() != next.epoch() - 1) {
                return CompletableFuture.completedFuture(false);
              }
              // Epochs grow with every write, so that this version is that epoch's alone.
              return store
                  .compareAndSet(key, found.get().version(), bytes(next))
                  .thenApply(Optional::isPresent);
            });
  }

  @Override
  public Watch watch(Consumer<PlacementState> listener) {
    AutoCloseable watching = store.watch(0, event -> tell(event, listener));
    return () -> {
      try {
        watching.close();
      } catch (Exception e) {
        throw new IllegalStateException("a watch did not close", e);
      }
    };
  }

  private static PlacementState state(Versioned<byte[]> found) {
    return PlacementState.CODEC.decode(found.value());
  }

  private static byte[] bytes(PlacementState state) {
    return PlacementState.CODEC.encode(state);
  }

  private void tell(StoreEvent<String, byte[]> event, Consumer<PlacementState> listener) {
    if (event instanceof StoreEvent.Put<String, byte[]> put && put.key().equals(key)) {
      listener.accept(PlacementState.CODEC.decode(put.value()));
    } else if (event instanceof StoreEvent.Gap<String, byte[]>) {
      read().thenAccept(state -> state.ifPresent(listener));
    }
  }
}
