package io.quorate.examples.node;

import io.quorate.replication.eventual.EventualStore;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** {@code /eventual}: answered by this node alone. */
final class EventualKeys implements KeyValueStore {
  private final EventualStore<String, byte[]> store;

  EventualKeys(EventualStore<String, byte[]> store) {
    this.store = store;
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
}
