package io.quorate.replication.eventual;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.Codec;
import io.quorate.core.codec.MalformedException;
import io.quorate.replication.Tag;
import io.quorate.replication.crdt.Actor;
import io.quorate.replication.crdt.Merge;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.Stored;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Values are joined where they meet. What is joined of two gets a version of its own unless it is one
 * of them, so that a version names one value; where the values are alike already the larger version
 * stays, so that the exchange comes to an end.
 */
final class JoiningStore<K, V> implements MergingStore<K, V> {
  private final EventualNode node;
  private final Codec<K> keys;
  private final Codec<V> values;
  private final V empty;
  private final Merge<V> merge;
  private final Actor actor;

  private JoiningStore(
      EventualNode node, Codec<K> keys, Codec<V> values, V empty, Merge<V> merge) {
    this.node = node;
    this.keys = keys;
    this.values = values;
    this.empty = empty;
    this.merge = merge;
    this.actor = new Actor(node.self(), node.epoch());
    node.joinWith(this::arrive);
  }

  static <K, V> CompletableFuture<MergingStore<K, V>> open(
      Environment environment,
      Collection<NodeId> members,
      Codec<K> keys,
      Codec<V> values,
      V empty,
      Merge<V> merge,
      EventualOptions options) {
    return EventualNode.open(environment, members, options, "merging")
        .thenApply(node -> new JoiningStore<>(node, keys, values, empty, merge));
  }

  private Key keyOf(K key) {
    byte[] bytes = keys.encode(key);
    if (bytes.length == 0) {
      throw new IllegalArgumentException("key must have at least one byte, was " + key);
    }
    return new Key(bytes);
  }

  private V valueOf(Optional<Cell> cell) {
    return cell.map(held -> values.decode(held.value())).orElse(empty);
  }

  @Override
  public CompletableFuture<V> get(K key) {
    Key its = keyOf(key);
    return node.submit(
        result ->
            node.table()
                .read(its)
                .whenComplete(
                    (cell, failure) -> {
                      if (failure == null) {
                        result.complete(valueOf(cell));
                      } else {
                        result.completeExceptionally(damaged(failure));
                      }
                    }));
  }

  private static RefusedException damaged(Throwable failure) {
    return new RefusedException("the value is damaged on this node", failure);
  }

  @Override
  public CompletableFuture<V> update(K key, Change<V> change) {
    Key its = keyOf(key);
    return node.submit(
        result ->
            withHeld(
                its,
                (cell, failure) -> {
                  if (failure != null) {
                    result.completeExceptionally(damaged(failure));
                    return;
                  }
                  try {
                    V next = change.apply(valueOf(cell), actor);
                    byte[] bytes = values.encode(next);
                    node.requireSize(bytes);
                    Cell made = Cell.value(node.clock().now(), 0, bytes);
                    long sequence = node.table().keep(its, made);
                    node.tell(its, made);
                    node.table().store().whenDurable(sequence, () -> result.complete(next));
                  } catch (RuntimeException e) {
                    // The caller's own, or the store's refusal: nothing has changed.
                    result.completeExceptionally(e);
                  }
                }));
  }

  private interface WithHeld {
    void accept(Optional<Cell> cell, Throwable failure);
  }

  /** Goes on with the cell that is held at that very moment, whether or not it was in memory. */
  private void withHeld(Key key, WithHeld then) {
    Tag before = tagOf(key);
    node.table()
        .store()
        .read(key)
        .whenComplete(
            (cell, failure) -> {
              if (failure == null && !tagOf(key).equals(before)) {
                withHeld(key, then);
              } else {
                then.accept(failure == null ? cell : Optional.empty(), failure);
              }
            });
  }

  private Tag tagOf(Key key) {
    return node.table().find(key).map(Stored::tag).orElse(Tag.NONE);
  }

  /** Joins what a peer holds with what is here. */
  private CompletableFuture<Long> arrive(Key key, Cell arrived) {
    CompletableFuture<Long> result = new CompletableFuture<>();
    if (!node.table().isWelcome(key, arrived)) {
      result.complete(0L);
      return result;
    }
    withHeld(
        key,
        (held, failure) -> {
          try {
            // A damaged cell is replaced by what the peer has.
            result.complete(node.table().keep(key, joined(held, arrived)));
          } catch (RefusedException | MalformedException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private Cell joined(Optional<Cell> held, Cell arrived) {
    if (held.isEmpty()) {
      return arrived;
    }
    Cell here = held.get();
    byte[] both =
        values.encode(merge.merge(values.decode(here.value()), values.decode(arrived.value())));
    boolean isNewer = arrived.tag().compareTo(here.tag()) > 0;
    if (!isNewer && Arrays.equals(both, here.value())) {
      return here;
    }
    if (isNewer && Arrays.equals(both, arrived.value())) {
      return arrived;
    }
    node.clock().observe(arrived.tag());
    return Cell.value(node.clock().now(), 0, both);
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
