package io.quorate.examples.partition;

import io.quorate.consensus.store.Versioned;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * A store at one level of consistency, and what it promises.
 *
 * @param majorityServes whether the side with two of three nodes reads and writes
 * @param minorityServes whether the side with one node does
 * @param joins whether what both sides wrote is kept; otherwise one value is
 */
record Mode(
    String name, boolean majorityServes, boolean minorityServes, boolean joins, Access access) {

  /** How the store is written and read on one node. */
  interface Access {
    CompletableFuture<?> write(Stores on, String key, String value);

    /** The value as text, empty if there is none. */
    CompletableFuture<String> read(Stores on, String key);
  }

  /** All of them, the strongest promise first. */
  static List<Mode> all() {
    List<Mode> modes = new ArrayList<>();
    modes.add(new Mode("ConsistentStore", true, false, false, new Strong()));
    for (Consistency level : Consistency.values()) {
      boolean everywhere = level == Consistency.ALL || level == Consistency.EACH_QUORUM;
      boolean here = level == Consistency.ONE || level == Consistency.LOCAL_QUORUM;
      modes.add(
          new Mode("QuorumStore " + level, !everywhere, here, false, new Quorum(level)));
    }
    modes.add(new Mode("EventualStore", true, true, false, new Eventual()));
    modes.add(new Mode("MergingStore, OrSet", true, true, true, new Merging()));
    return modes;
  }

  private record Strong() implements Access {
    @Override
    public CompletableFuture<?> write(Stores on, String key, String value) {
      return on.strong().put(key, value);
    }

    @Override
    public CompletableFuture<String> read(Stores on, String key) {
      return on.strong().get(key).thenApply(found -> found.map(Versioned::value).orElse(""));
    }
  }

  private record Quorum(Consistency level) implements Access {
    @Override
    public CompletableFuture<?> write(Stores on, String key, String value) {
      WriteOptions options = WriteOptions.at(level).withTimeout(Stores.TIMEOUT);
      return on.quorum().thenCompose(store -> store.put(key, value, options));
    }

    @Override
    public CompletableFuture<String> read(Stores on, String key) {
      ReadOptions options = ReadOptions.at(level).withTimeout(Stores.TIMEOUT);
      return on.quorum()
          .thenCompose(store -> store.get(key, options))
          .thenApply(found -> found.value().orElse(""));
    }
  }

  private record Eventual() implements Access {
    @Override
    public CompletableFuture<?> write(Stores on, String key, String value) {
      return on.eventual().thenCompose(store -> store.put(key, value));
    }

    @Override
    public CompletableFuture<String> read(Stores on, String key) {
      return on.eventual()
          .thenCompose(store -> store.get(key))
          .thenApply(found -> found.value().orElse(""));
    }
  }

  private record Merging() implements Access {
    @Override
    public CompletableFuture<?> write(Stores on, String key, String value) {
      return on.merging()
          .thenCompose(store -> store.update(key, (set, actor) -> set.add(actor, value)));
    }

    @Override
    public CompletableFuture<String> read(Stores on, String key) {
      return on.merging()
          .thenCompose(store -> store.get(key))
          .thenApply(set -> String.join("+", set.elements()));
    }
  }

  /**
   * The values that all nodes may answer after the partition.
   *
   * @param majority what became of the majority's write
   * @param minority what became of the minority's
   */
  Set<String> allowedAfter(String before, Outcome majority, Outcome minority) {
    if (joins) {
      return Set.of(before + "+" + majority.written() + "+" + minority.written());
    }
    Set<String> allowed = new TreeSet<>();
    boolean acknowledged = majority.isServed() || minority.isServed();
    if (!acknowledged) {
      allowed.add(before);
    }
    for (Outcome outcome : List.of(majority, minority)) {
      if (outcome.mayHaveTakenEffect()) {
        allowed.add(outcome.written());
      }
    }
    return allowed;
  }
}
