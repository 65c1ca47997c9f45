package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.LocalStore;
import io.quorate.replication.local.Stored;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Writes that a replica may have missed, kept until it has them.
 *
 * <p>A hint is a copy for later and nothing more: it is never counted as a write, and losing it
 * costs only time, since repair finds the difference too. For each replica and key the newest is
 * kept, in a store of its own, checksummed as everything there. Belongs to one event loop.
 */
final class HintLog {
  private final LocalStore store;
  private final int maxHints;
  private final Map<NodeId, Set<Key>> keysOf = new HashMap<>();
  private int count;
  private long dropped;

  HintLog(LocalStore store, int maxHints) {
    this.store = store;
    this.maxHints = maxHints;
    store.forEach(
        stored -> {
          ByteReader in = new ByteReader(stored.key().bytes());
          remember(NodeId.of(in.text()), new Key(in.bytes(in.remaining())));
        });
  }

  private boolean remember(NodeId target, Key key) {
    boolean isNew = keysOf.computeIfAbsent(target, t -> new LinkedHashSet<>()).add(key);
    count += isNew ? 1 : 0;
    return isNew;
  }

  /** Keeps {@code cell} for {@code target}, unless there are too many or a newer one is kept. */
  void keep(NodeId target, Key key, Cell cell) {
    Key its = keyOf(target, key);
    boolean older =
        store.find(its).map(held -> held.tag().compareTo(cell.tag()) >= 0).orElse(false);
    if (older) {
      return;
    }
    if (count >= maxHints && store.find(its).isEmpty() || !store.isWritable()) {
      dropped++;
      return;
    }
    store.put(its, cell);
    remember(target, key);
  }

  /** Some of the keys for which {@code target} has hints. */
  List<Key> some(NodeId target, int max) {
    return keysOf.getOrDefault(target, Set.of()).stream().limit(max).toList();
  }

  /** Nodes for which there are hints. */
  List<NodeId> targets() {
    return new ArrayList<>(keysOf.keySet()).stream().sorted().toList();
  }

  /** Reads a hint; a damaged one is dropped. */
  CompletableFuture<Optional<Cell>> read(NodeId target, Key key) {
    return store
        .read(keyOf(target, key))
        .exceptionally(
            damaged -> {
              dropped++;
              forget(target, key);
              return Optional.empty();
            });
  }

  /** The replica has {@code upTo}, or needs it no more: a newer hint stays. */
  void delivered(NodeId target, Key key, Cell upTo) {
    Stored held = store.find(keyOf(target, key)).orElse(null);
    if (held != null && held.tag().compareTo(upTo.tag()) <= 0) {
      forget(target, key);
    }
  }

  private void forget(NodeId target, Key key) {
    try {
      store.forget(keyOf(target, key));
    } catch (RefusedException e) {
      // It will be delivered again after a restart, which does no harm.
      dropped++;
    }
    Set<Key> keys = keysOf.getOrDefault(target, Set.of());
    if (keys.remove(key)) {
      count--;
    }
    if (keys.isEmpty()) {
      keysOf.remove(target);
    }
  }

  CompletableFuture<Void> shutdown() {
    return store.shutdown();
  }

  int count() {
    return count;
  }

  long dropped() {
    return dropped;
  }

  private static Key keyOf(NodeId target, Key key) {
    return new Key(new ByteWriter().text(target.value()).bytes(key.bytes()).toByteArray());
  }
}
