package io.quorate.consensus.raft;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** One read on its way: what is asked of the state, and who waits for it. */
final class Reader<M, T> {
  final CompletableFuture<T> future = new CompletableFuture<>();
  final boolean lease;
  private final M machine;
  private final Function<? super M, ? extends T> query;
  /** The reader that came just before, while both wait to be taken up. */
  Reader<?, ?> previous;

  Reader(M machine, Function<? super M, ? extends T> query, boolean lease) {
    this.machine = machine;
    this.query = query;
    this.lease = lease;
  }

  /** Evaluates the query, while nobody changes the state, and answers. */
  void serve() {
    if (!future.isDone()) {
      evaluate().run();
    }
  }

  /** Evaluates the query, while nobody changes the state; what is returned answers. */
  Runnable evaluate() {
    try {
      T value = query.apply(machine);
      return () -> future.complete(value);
    } catch (RuntimeException e) {
      // The reader's mistake, not the machine's: only the reader learns of it.
      return () -> future.completeExceptionally(e);
    }
  }
}
