package io.quorate.examples.node;

import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** A store as the HTTP interface sees it. Futures complete normally, with an {@link Answer}. */
interface KeyValueStore {
  /** The values of {@code ?consistency=} that {@link #get} takes; the empty one is the default. */
  Set<String> readConsistencies();

  /** The values of {@code ?consistency=} that writes take; the empty one is the default. */
  Set<String> writeConsistencies();

  /** Whether writes may carry a condition other than {@link Condition.None}. */
  boolean takesConditions();

  CompletableFuture<Answer> get(String key, String consistency);

  CompletableFuture<Answer> put(String key, byte[] value, Condition condition, String consistency);

  CompletableFuture<Answer> delete(String key, Condition condition, String consistency);
}
