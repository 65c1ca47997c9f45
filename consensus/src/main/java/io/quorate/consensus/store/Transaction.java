package io.quorate.consensus.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Changes to several keys at one index, all or nothing: if every condition holds the changes made
 * before {@link #otherwise}, else those after it. Not safe for use by several threads; used once.
 */
public final class Transaction<K, V> {
  private final ConsistentStore<K, V> store;
  private final List<Condition> conditions = new ArrayList<>();
  private final List<Change> changes = new ArrayList<>();
  private final List<Change> otherwise = new ArrayList<>();
  private List<Change> current = changes;

  Transaction(ConsistentStore<K, V> store) {
    this.store = store;
  }

  /** What became of a transaction: whether the conditions held, and the version of its changes. */
  public record Outcome(boolean held, long version) {}

  /** The key must have no value. */
  public Transaction<K, V> ifAbsent(K key) {
    conditions.add(new Condition(store.encode(key), Condition.Kind.ABSENT, 0));
    return this;
  }

  /** The key must have a value. */
  public Transaction<K, V> ifPresent(K key) {
    conditions.add(new Condition(store.encode(key), Condition.Kind.PRESENT, 0));
    return this;
  }

  /** The key must have a value of version {@code version}. */
  public Transaction<K, V> ifVersion(K key, long version) {
    conditions.add(new Condition(store.encode(key), Condition.Kind.VERSION, version));
    return this;
  }

  public Transaction<K, V> put(K key, V value) {
    current.add(store.put(key, value, 0));
    return this;
  }

  /** As {@link ConsistentStore#put(Object, Object, Duration)}. */
  public Transaction<K, V> put(K key, V value, Duration ttl) {
    current.add(store.put(key, value, ConsistentStore.millis(ttl)));
    return this;
  }

  public Transaction<K, V> delete(K key) {
    current.add(new Change(store.encode(key), null, 0));
    return this;
  }

  /** What follows is done if a condition does not hold. */
  public Transaction<K, V> otherwise() {
    current = otherwise;
    return this;
  }

  public CompletableFuture<Outcome> commit() {
    return store
        .submit(new StoreCommand(List.copyOf(conditions), List.copyOf(changes),
            List.copyOf(otherwise)))
        .thenApply(result -> new Outcome(result.held(), result.version()));
  }
}
