package io.quorate.examples.node;

import io.quorate.consensus.raft.Read;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.consensus.store.Versioned;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** {@code /strong}: linearizable, by Raft. */
final class StrongStore implements KeyValueStore {
  private static final String STALE = "stale";

  private final ConsistentStore<String, byte[]> store;

  StrongStore(ConsistentStore<String, byte[]> store) {
    this.store = store;
  }

  @Override
  public Set<String> readConsistencies() {
    return Set.of("", STALE);
  }

  @Override
  public Set<String> writeConsistencies() {
    return Set.of("");
  }

  @Override
  public boolean takesConditions() {
    return true;
  }

  @Override
  public CompletableFuture<Answer> get(String key, String consistency) {
    Read read = consistency.equals(STALE) ? Read.LOCAL : Read.LINEARIZABLE;
    return Answers.of(store.get(key, read).thenApply(StrongStore::value));
  }

  @Override
  public CompletableFuture<Answer> put(
      String key, byte[] value, Condition condition, String consistency) {
    if (condition instanceof Condition.VersionIs is) {
      OptionalLong version = version(is);
      return version.isEmpty()
          ? CompletableFuture.completedFuture(new Answer.ConditionFailed())
          : Answers.of(
              store.compareAndSet(key, version.getAsLong(), value)
                  .thenApply(StrongStore::conditional));
    }
    if (condition instanceof Condition.IsAbsent) {
      return Answers.of(store.putIfAbsent(key, value).thenApply(StrongStore::conditional));
    }
    return Answers.of(store.put(key, value).thenApply(StrongStore::written));
  }

  @Override
  public CompletableFuture<Answer> delete(String key, Condition condition, String consistency) {
    if (condition instanceof Condition.VersionIs is) {
      OptionalLong version = version(is);
      return version.isEmpty()
          ? CompletableFuture.completedFuture(new Answer.ConditionFailed())
          : Answers.of(
              store.delete(key, version.getAsLong()).thenApply(StrongStore::conditional));
    }
    return Answers.of(
        store.delete(key)
            .thenApply(
                version ->
                    version.isPresent() ? written(version.get()) : new Answer.Absent()));
  }

  private static Answer value(Optional<Versioned<byte[]>> found) {
    return found
        .<Answer>map(is -> new Answer.Value(is.value(), Long.toString(is.version())))
        .orElseGet(Answer.Absent::new);
  }

  private static Answer written(long version) {
    return new Answer.Written(Long.toString(version));
  }

  private static Answer conditional(Optional<Long> version) {
    return version.isPresent() ? written(version.get()) : new Answer.ConditionFailed();
  }

  /** The version that a tag names; empty for a tag that this store never gives. */
  private static OptionalLong version(Condition.VersionIs condition) {
    try {
      long version = Long.parseLong(condition.version());
      boolean ours = version >= 1 && Long.toString(version).equals(condition.version());
      return ours ? OptionalLong.of(version) : OptionalLong.empty();
    } catch (NumberFormatException e) {
      // Well-formed, but the tag of no version: no key can have it.
      return OptionalLong.empty();
    }
  }
}
