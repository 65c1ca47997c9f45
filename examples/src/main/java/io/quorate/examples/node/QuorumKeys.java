package io.quorate.examples.node;

import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * {@code /quorum}: three replicas for each key, with the consistency that each request asks for.
 */
final class QuorumKeys implements KeyValueStore {
  private static final Map<String, Consistency> LEVELS =
      Map.of(
          "", Consistency.QUORUM,
          "quorum", Consistency.QUORUM,
          "linearizable", Consistency.LINEARIZABLE,
          "one", Consistency.ONE);

  private final CompletableFuture<QuorumStore<String, byte[]>> opening;
  private final Duration timeout;

  /** Operations are refused until {@code opening} completes. */
  QuorumKeys(CompletableFuture<QuorumStore<String, byte[]>> opening, Duration timeout) {
    this.opening = opening;
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
    return answer(store -> store.get(key, options).thenApply(Answers::value));
  }

  @Override
  public CompletableFuture<Answer> put(
      String key, byte[] value, Condition condition, String consistency) {
    return answer(
        store -> store.put(key, value, options(consistency)).thenApply(Answers::written));
  }

  @Override
  public CompletableFuture<Answer> delete(String key, Condition condition, String consistency) {
    return answer(
        store -> store.delete(key, options(consistency)).thenApply(Answers::deleted));
  }

  private CompletableFuture<Answer> answer(
      Function<QuorumStore<String, byte[]>, CompletableFuture<Answer>> operation) {
    if (!opening.isDone() || opening.isCompletedExceptionally()) {
      return CompletableFuture.completedFuture(
          new Answer.Refused("this cluster has not agreed yet on who holds which keys"));
    }
    return Answers.of(operation.apply(opening.join()));
  }

  private WriteOptions options(String consistency) {
    return WriteOptions.at(LEVELS.get(consistency)).withTimeout(timeout);
  }
}
