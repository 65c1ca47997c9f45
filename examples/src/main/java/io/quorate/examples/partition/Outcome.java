package io.quorate.examples.partition;

import io.quorate.core.OperationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What became of one operation.
 *
 * @param written the value that it tried to write; empty for a read
 */
record Outcome(Kind kind, String written, String text) {
  enum Kind {
    SERVED,
    REFUSED,
    INDETERMINATE
  }

  boolean isServed() {
    return kind == Kind.SERVED;
  }

  boolean mayHaveTakenEffect() {
    return kind != Kind.REFUSED;
  }

  static CompletableFuture<Outcome> ofWrite(CompletableFuture<?> write, String value) {
    return write.handle(
        (done, failure) ->
            failure == null ? new Outcome(Kind.SERVED, value, "ok") : failed(value, failure));
  }

  static CompletableFuture<Outcome> ofRead(CompletableFuture<String> read) {
    return read.handle(
        (value, failure) ->
            failure == null ? new Outcome(Kind.SERVED, "", value) : failed("", failure));
  }

  /** Every failure of a store says whether the operation may have taken effect. */
  private static Outcome failed(String value, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (!(cause instanceof OperationException operation)) {
      throw new IllegalStateException("a store failed in a way that it does not announce", cause);
    }
    return operation.mayHaveTakenEffect()
        ? new Outcome(Kind.INDETERMINATE, value, "maybe")
        : new Outcome(Kind.REFUSED, value, "refused");
  }
}
