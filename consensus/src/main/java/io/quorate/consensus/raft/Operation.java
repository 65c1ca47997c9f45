package io.quorate.consensus.raft;

import io.quorate.core.OperationException;
import java.util.concurrent.CompletableFuture;

/**
 * One command on its way, until its caller has an answer. Written by the group's loop, except that
 * {@link #applied} may come on the apply loop.
 */
final class Operation<R> implements Completion<R> {
  final byte[] command;
  final CompletableFuture<R> future = new CompletableFuture<>();
  final long deadlineNanos;
  private final Client<?, R> client;
  /** The operation that came just before, while both wait to be taken up. */
  Operation<R> previous;
  long session;
  long sequence;
  /** Whether an attempt has begun whose end is not known. */
  boolean underWay;
  /** Whether an earlier attempt may have put the command into the log. */
  boolean uncertain;
  /** Why the last attempt did not succeed; null if there was none. */
  OperationException refusal;

  Operation(Client<?, R> client, byte[] command, long deadlineNanos) {
    this.client = client;
    this.command = command;
    this.deadlineNanos = deadlineNanos;
  }

  /** What stood in the way until now. */
  String whyNot() {
    return refusal == null ? "no leader" : "not taken (" + refusal.getMessage() + ")";
  }

  boolean isDone() {
    return future.isDone();
  }

  @Override
  public void applied(long index, R result) {
    if (future.complete(result)) {
      client.ended(this);
    }
  }

  @Override
  public void failed(OperationException cause) {
    client.attemptFailed(this, cause);
  }

  /** Gives up. */
  void fail(OperationException cause) {
    if (future.completeExceptionally(cause)) {
      client.ended(this);
    }
  }
}
