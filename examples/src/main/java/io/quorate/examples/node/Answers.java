package io.quorate.examples.node;

import io.quorate.core.OperationException;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Turns what becomes of operations into answers. */
final class Answers {
  private Answers() {}

  /** {@code operation}, whose failure says whether it may have taken effect. */
  static CompletableFuture<Answer> of(CompletableFuture<? extends Answer> operation) {
    return operation.handle(
        (answer, failure) -> failure == null ? answer : failed(unwrapped(failure)));
  }

  static Answer value(Versioned<byte[]> found) {
    return found
        .value()
        .<Answer>map(value -> new Answer.Value(value, found.tag().toString()))
        .orElseGet(Answer.Absent::new);
  }

  static Answer written(Tag tag) {
    return new Answer.Written(tag.toString());
  }

  static Answer deleted(Optional<Tag> tag) {
    return tag.map(Answers::written).orElseGet(Answer.Absent::new);
  }

  private static Answer failed(Throwable failure) {
    String reason = String.valueOf(failure.getMessage());
    boolean refused =
        failure instanceof OperationException operation && !operation.mayHaveTakenEffect();
    return refused ? new Answer.Refused(reason) : new Answer.Indeterminate(reason);
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
