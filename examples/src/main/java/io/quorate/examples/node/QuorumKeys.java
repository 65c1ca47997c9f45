package io.quorate.examples.node;

import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** {@code /quorum}: three replicas for each key, with the consistency that each request asks for. */
final class QuorumKeys implements KeyValueStore {
  private static final Map<String, Consistency> LEVELS =
      Map.of(
          "", Consistency.QUORUM,
          "quorum", Consistency.QUORUM,
          "linearizable", Consistency.LINEARIZABLE,
          "one", Consistency.ONE);

  private final QuorumStore<String, byte[]> store;
  private final Duration timeout;

  QuorumKeys(QuorumStore<String, byte[]> store, Duration timeout) {
    this.store = store;
    this.timeout = timeout;
  }

  @Override
  public Set<String> readConsistencies() {
    return LEVELS.keySet();
  }

  @Override
  public Set<String> writeConsistencies() {
    return LEVELS.keySet();
  }

  @Override
  public boolean takesConditions() {
    return false;
  }

  @Override
  public CompletableFuture<Answer> get(String key, String consistency) {
    ReadOptions options = ReadOptions.at(LEVELS.get(consistency)).withTimeout(timeout);
    return Answers.of(store.get(key, options).thenApply(Answers::value));
  }

  @Override
  public CompletableFuture<Answer> put(
      String key, byte[] value, Condition condition, String consistency) {
    return Answers.of(
        store.put(key, value, options(consistency)).thenApply(Answers::written));
  }

  @Override
  public CompletableFuture<Answer> delete(String key, Condition condition, String consistency) {
    return Answers.of(
        store.delete(key, options(consistency)).thenApply(Answers::deleted));
  }

  private WriteOptions options(String consistency) {
    return WriteOptions.at(LEVELS.get(consistency)).withTimeout(timeout);
  }
}
