package io.quorate.replication.eventual;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.Stored;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The larger version wins. */
final class LastWriterStore<K, V> implements EventualStore<K, V> {
  private final EventualNode node;
  private final Codec<K> keys;
  private final Codec<V> values;

  private LastWriterStore(EventualNode node, Codec<K> keys, Codec<V> values) {
    this.node = node;
    this.keys = keys;
    this.values = values;
  }

  static <K, V> CompletableFuture<EventualStore<K, V>> open(
      Environment environment,
      Collection<NodeId> members,
      Codec<K> keys,
      Codec<V> values,
      EventualOptions options) {
    return EventualNode.open(environment, members, options, "eventual")
        .thenApply(node -> new LastWriterStore<>(node, keys, values));
  }

  private Key keyOf(K key) {
    byte[] bytes = keys.encode(key);
    if (bytes.length == 0) {
      throw new IllegalArgumentException("key must have at least one byte, was " + key);
    }
    return new Key(bytes);
  }

  @Override
  public CompletableFuture<Versioned<V>> get(K key) {
    Key its = keyOf(key);
    return node.submit(
        result ->
            node.table()
                .read(its)
                .whenComplete(
                    (cell, failure) -> {
                      if (failure != null) {
                        result.completeExceptionally(
                            new RefusedException("the value is damaged on this node", failure));
                      } else {
                        result.complete(versioned(cell.orElse(Cell.NONE)));
                      }
                    }));
  }

  private Versioned<V> versioned(Cell cell) {
    boolean absent = cell.isAbsentAt(node.clock().wallMillis());
    return new Versioned<>(
        absent ? Optional.empty() : Optional.of(values.decode(cell.value())), cell.tag());
  }

  @Override
  public CompletableFuture<Tag> put(K key, V value) {
    Key its = keyOf(key);
    byte[] bytes = values.encode(value);
    node.requireSize(bytes);
    return node.submit(
        result -> {
          Cell cell = Cell.value(node.clock().now(), 0, bytes);
          write(its, cell, () -> result.complete(cell.tag()));
        });
  }

  @Override
  public CompletableFuture<Optional<Tag>> delete(K key) {
    Key its = keyOf(key);
    return node.submit(
        result -> {
          Optional<Stored> held = node.table().find(its);
          if (held.isEmpty() || held.get().isTombstone()) {
            // Absent by a deletion that must be durable before anybody hears of it.
            node.table()
                .store()
                .whenDurable(
                    node.table().store().sequenceOf(its), () -> result.complete(Optional.empty()));
          } else {
            Cell cell = Cell.tombstone(node.clock().now());
            write(its, cell, () -> result.complete(Optional.of(cell.tag())));
          }
        });
  }

  private void write(Key key, Cell cell, Runnable done) {
    long sequence = node.table().keep(key, cell);
    node.tell(key, cell);
    node.table().store().whenDurable(sequence, done);
  }

  @Override
  public CompletableFuture<Void> changeMembers(Collection<NodeId> members) {
    return node.changeMembers(members);
  }

  @Override
  public CompletableFuture<Integer> repair() {
    return node.repair();
  }

  @Override
  public CompletableFuture<Staleness> staleness() {
    return node.staleness();
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    return node.shutdown();
  }

  @Override
  public void close() {
    node.shutdown();
  }
}
