package io.quorate.consensus.raft;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Takes commands from the application, brings them to whoever leads, and tries again until they are
 * applied or their time is up. All of one node's commands belong to one session, so that an attempt
 * which did reach the log is not applied a second time.
 *
 * <p>Commands that come while others are being worked on share the next batch.
 */
final class Client<C, R> {
  private static final int OVERHEAD_BYTES = 64;
  private static final int MAX_USUAL_BYTES = 4 << 10;
  static final int MAX_BATCH_BYTES = 512 << 10;

  private final Routes<R> routes;
  private final EventLoop loop;
  private final Codec<C> codec;
  private final RaftOptions options;
  private final long timeoutNanos;
  /** The operation that came last; the others hang behind it. Whoever finds none wakes the loop. */
  private final AtomicReference<Operation<R>> arrived = new AtomicReference<>();
  private final AtomicLong queuedBytes = new AtomicLong();
  private volatile OperationException closed;
  /**
   * Bytes of the command before, a guess for the next: if it is right nothing is copied. Written by
   * all callers without care, since a wrong guess costs a copy and no more.
   */
  private int usualBytes = 64;

  /** In the order of their sequence numbers, from the lowest that has no answer. */
  private final Deque<Operation<R>> window = new ArrayDeque<>();
  private List<Operation<R>> ready = new ArrayList<>();
  private long session;
  private boolean opening;
  private long nextSequence = 1;

  /** The ways on which commands leave this node. Used on the group's loop. */
  interface Routes<R> {
    long nowNanos();

    Optional<NodeId> leader();

    /** Commands wait: {@link Client#retry} and {@link Client#expire} are to be called at times. */
    void awake();

    /** Gives {@code batch} to the leader {@code leader}; each completion is told how it went. */
    void send(NodeId leader, List<Proposal> batch, List<? extends Completion<R>> completions);
  }

  Client(Routes<R> routes, EventLoop loop, Codec<C> codec, RaftOptions options) {
    this.routes = routes;
    this.loop = loop;
    this.codec = codec;
    this.options = options;
    this.timeoutNanos = options.operationTimeout().toNanos();
  }

  CompletableFuture<R> submit(C command, long nowNanos) {
    byte[] bytes = encode(command);
    if (bytes.length > options.maxCommandBytes()) {
      throw new IllegalArgumentException(
          "command of " + bytes.length + " bytes, at most " + options.maxCommandBytes());
    }
    OperationException end = closed;
    if (end != null) {
      return CompletableFuture.failedFuture(new RefusedException(end.getMessage(), end));
    }
    long size = bytes.length + OVERHEAD_BYTES;
    if (queuedBytes.addAndGet(size) > options.maxQueuedBytes()) {
      queuedBytes.addAndGet(-size);
      return CompletableFuture.failedFuture(
          new RefusedException("more than " + options.maxQueuedBytes() + " bytes are waiting"));
    }
    Operation<R> operation = new Operation<>(this, bytes, nowNanos + timeoutNanos);
    Operation<R> before;
    do {
      before = arrived.get();
      operation.previous = before;
    } while (!arrived.compareAndSet(before, operation));
    if (before == null) {
      loop.execute(this::drain);
    }
    return operation.future;
  }

  private byte[] encode(C command) {
    ByteWriter out = new ByteWriter(usualBytes);
    codec.write(out, command);
    usualBytes = Math.min(out.size(), MAX_USUAL_BYTES);
    return out.size() == out.array().length ? out.array() : out.toByteArray();
  }

  /** Whether no command waits for anything. On the loop. */
  boolean isIdle() {
    trim();
    return window.isEmpty() && arrived.get() == null && !opening;
  }

  /** Tries again what was refused. */
  void retry() {
    drain();
  }

  /**
   * Somebody else leads now. What was sent to another leader is sent again without waiting for an
   * answer that may never come; if both attempts reach the log, the session tells them apart.
   */
  void leaderChanged() {
    opening = false;
    for (Operation<R> operation : window) {
      if (operation.underWay && !operation.isDone()) {
        operation.underWay = false;
        operation.uncertain = true;
        ready.add(operation);
      }
    }
    drain();
  }

  /** Fails what has waited too long. */
  void expire() {
    long nowNanos = routes.nowNanos();
    trim();
    while (!window.isEmpty() && nowNanos - window.peekFirst().deadlineNanos > 0) {
      Operation<R> late = window.pollFirst();
      late.fail(
          late.underWay || late.uncertain
              ? new IndeterminateException("no answer within " + options.operationTimeout())
              : new RefusedException(late.whyNot() + " within " + options.operationTimeout()));
    }
  }

  /** Fails everything, now and from now on. */
  void close(OperationException cause) {
    closed = cause;
    drain();
  }

  private void failAll(OperationException cause) {
    window.forEach(
        operation ->
            operation.fail(
                operation.underWay || operation.uncertain
                    ? new IndeterminateException(cause.getMessage(), cause)
                    : new RefusedException(cause.getMessage(), cause)));
    window.clear();
    ready.clear();
  }

  void ended(Operation<R> operation) {
    queuedBytes.addAndGet(-operation.command.length - OVERHEAD_BYTES);
  }

  /** An attempt did not succeed: it is made again, unless that could apply the command twice. */
  void attemptFailed(Operation<R> operation, OperationException cause) {
    if (!loop.inLoop()) {
      loop.execute(() -> attemptFailed(operation, cause));
      return;
    }
    if (operation.isDone() || !operation.underWay) {
      return;
    }
    operation.underWay = false;
    operation.uncertain |= cause.mayHaveTakenEffect();
    operation.refusal = cause;
    if (cause instanceof SessionExpiredException) {
      if (operation.uncertain) {
        operation.fail(new IndeterminateException("the session was forgotten meanwhile", cause));
        return;
      }
      if (operation.session == session) {
        session = 0;
      }
      window.remove(operation);
      place(operation);
    }
    ready.add(operation);
  }

  private void place(Operation<R> operation) {
    operation.sequence = nextSequence++;
    window.addLast(operation);
  }

  private void drain() {
    Operation<R> last = arrived.getAndSet(null);
    Operation<R> first = null;
    while (last != null) {
      Operation<R> previous = last.previous;
      last.previous = first;
      first = last;
      last = previous;
    }
    // Turned round, each now leads to the one that came after it.
    while (first != null) {
      Operation<R> after = first.previous;
      first.previous = null;
      place(first);
      ready.add(first);
      first = after;
    }
    if (closed != null) {
      // Also what was submitted just before and arrives just after the end.
      failAll(closed);
      return;
    }
    if (!ready.isEmpty()) {
      routes.leader().ifPresent(this::sendReady);
    }
    if (!window.isEmpty()) {
      routes.awake();
    }
  }

  private void sendReady(NodeId leader) {
    if (session == 0) {
      openSession(leader);
      return;
    }
    trim();
    List<Operation<R>> sending = ready;
    ready = new ArrayList<>();
    long lowest = window.isEmpty() ? 0 : window.peekFirst().sequence;
    List<Proposal> batch = new ArrayList<>(sending.size());
    List<Operation<R>> operations = new ArrayList<>(sending.size());
    int bytes = 0;
    for (Operation<R> operation : sending) {
      if (operation.isDone()) {
        continue;
      }
      if (bytes > 0 && bytes + operation.command.length > MAX_BATCH_BYTES) {
        routes.send(leader, batch, operations);
        batch = new ArrayList<>();
        operations = new ArrayList<>();
        bytes = 0;
      }
      bytes += operation.command.length + OVERHEAD_BYTES;
      operation.session = session;
      operation.underWay = true;
      batch.add(
          Proposal.command(
              session, operation.sequence, Math.min(lowest, operation.sequence),
              operation.command));
      operations.add(operation);
    }
    if (!batch.isEmpty()) {
      routes.send(leader, batch, operations);
    }
  }

  private void openSession(NodeId leader) {
    if (opening) {
      return;
    }
    opening = true;
    Completion<R> opened =
        new Completion<>() {
          @Override
          public void applied(long index, R result) {
            loop.execute(() -> opened(index));
          }

          @Override
          public void failed(OperationException cause) {
            loop.execute(() -> opening = false);
          }
        };
    routes.send(leader, List.of(Proposal.openSession()), List.of(opened));
  }

  private void opened(long id) {
    opening = false;
    if (session == 0) {
      session = id;
    }
    drain();
  }

  private void trim() {
    while (!window.isEmpty() && window.peekFirst().isDone()) {
      window.pollFirst();
    }
  }
}
