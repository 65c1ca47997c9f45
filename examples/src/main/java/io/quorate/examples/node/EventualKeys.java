package io.quorate.examples.node;

import io.quorate.core.NodeId;
import io.quorate.replication.eventual.EventualStore;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** {@code /eventual}: answered by this node alone, also while members change. */
final class EventualKeys implements KeyValueStore, AutoCloseable {
  private static final int CLOSE_SECONDS = 3;

  private final EventualStore<String, byte[]> store;

  EventualKeys(EventualStore<String, byte[]> store) {
    this.store = store;
  }

  /** Goes over to other members; returns at once. Fails only where the store is closed. */
  CompletableFuture<Void> changeMembers(Set<NodeId> members) {
    return store.changeMembers(members);
  }

  @Override
  public Set<String> readConsistencies() {
    return Set.of("");
  }

  @Override
  public Set<String> writeConsistencies() {
    return Set.of("");
  }

  @Override
  public boolean takesConditions() {
    return false;
  }

  @Override
  public CompletableFuture<Answer> get(String key, String consistency) {
    return Answers.of(store.get(key).thenApply(Answers::value));
  }

  @Override
  public CompletableFuture<Answer> put(
      String key, byte[] value, Condition condition, String consistency) {
    return Answers.of(store.put(key, value).thenApply(Answers::written));
  }

  @Override
  public CompletableFuture<Answer> delete(String key, Condition condition, String consistency) {
    return Answers.of(store.delete(key).thenApply(Answers::deleted));
  }

  @Override
  public void close() {
    store.shutdown().orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS).join();
  }
}
