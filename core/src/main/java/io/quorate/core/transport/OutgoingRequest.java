package io.quorate.core.transport;

import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * A request on its way: the future that the caller holds and what the transport must know of it, in
 * one object. Fields that are not final belong to the transport's thread that owns the request.
 */
final class OutgoingRequest extends CompletableFuture<byte[]> {
  final ServiceEndpoint endpoint;
  final NodeId to;
  final byte[] payload;
  final long startNanos;
  final long deadlineNanos;

  /** Given by the transport when it takes the request over; 0 before. */
  long id;

  /** Whether it may have left this node, so that a failure leaves its outcome open. */
  boolean sent;

  /** What carries it, so that a cancellation finds its way; set before anybody can cancel. */
  Object carriedBy;

  OutgoingRequest(
      ServiceEndpoint endpoint, NodeId to, byte[] payload, long startNanos, long deadlineNanos) {
    this.endpoint = endpoint;
    this.to = to;
    this.payload = payload;
    this.startNanos = startNanos;
    this.deadlineNanos = deadlineNanos;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled) {
      endpoint.cancel(this);
    }
    return cancelled;
  }

  /** Completes it on its endpoint's loop with the answer. */
  void succeed(byte[] answer) {
    if (endpoint.loop().inLoop()) {
      complete(answer);
    } else {
      onLoop(() -> complete(answer));
    }
  }

  /** Fails it on its endpoint's loop: it has had no effect. */
  void refuse(String reason) {
    failWith(new RefusedException(reason));
  }

  /** Fails it on its endpoint's loop: nobody knows its effect. */
  void leaveOpen(String reason) {
    failWith(new IndeterminateException(reason));
  }

  /** Fails it as {@link #leaveOpen} if it may have left this node, else as {@link #refuse}. */
  void fail(String reason) {
    if (sent) {
      leaveOpen(reason);
    } else {
      refuse(reason);
    }
  }

  private void failWith(OperationException failure) {
    onLoop(() -> completeExceptionally(failure));
  }

  private void onLoop(Runnable completion) {
    if (endpoint.loop().inLoop()) {
      completion.run();
      return;
    }
    try {
      endpoint.loop().execute(completion);
    } catch (RejectedExecutionException e) {
      // The loop has ended, and completing late on this thread is better than never.
      completion.run();
    }
  }
}
