package io.quorate.consensus.topic;

import io.quorate.core.Clock;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import io.quorate.core.pubsub.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Brings one node's commands into the log, in order and several at a time: what has gathered while
 * batches are under way becomes the next batch. See {@link Streams} for how the order is kept.
 */
final class Outbound {
  private static final int OVERHEAD_BYTES = 16;

  /** How long closing waits for what was given before. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A command that waits. */
  private static final class Pending {
    final byte[] command;
    final long deadlineNanos;
    final CompletableFuture<List<Outcome>> future = new CompletableFuture<>();

    Pending(byte[] command, long deadlineNanos) {
      this.command = command;
      this.deadlineNanos = deadlineNanos;
    }

    long size() {
      return command.length + OVERHEAD_BYTES;
    }
  }

  /** Commands that are under way together. */
  private static final class Batch {
    final long number;
    final List<Pending> content;

    /** Whether it has come before its predecessor and is to be sent again. */
    boolean waiting;

    Batch(long number, List<Pending> content) {
      this.number = number;
      this.content = content;
    }
  }

  private final String stream;
  private final EventLoop loop;
  private final Clock clock;
  private final TopicsOptions options;
  private final Function<TopicCommand, CompletableFuture<TopicResult>> log;
  private final Queue<Pending> arriving = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean awake = new AtomicBoolean();
  private final AtomicLong queuedBytes = new AtomicLong();
  private volatile boolean closing;

  /** The rest belongs to the loop. */
  private final Deque<Pending> queue = new ArrayDeque<>();

  /** In the order of their numbers. */
  private final Deque<Batch> underWay = new ArrayDeque<>();

  private long nextNumber = 1;
  private boolean timing;
  private Runnable whenEmpty;

  /**
   * @param stream unique for ever
   * @param log has a batch applied once, or fails as Raft does
   */
  Outbound(
      String stream,
      EventLoop loop,
      Clock clock,
      TopicsOptions options,
      Function<TopicCommand, CompletableFuture<TopicResult>> log) {
    this.stream = stream;
    this.loop = loop;
    this.clock = clock;
    this.options = options;
    this.log = log;
  }

  CompletableFuture<List<Outcome>> submit(byte[] command) {
    long deadline = clock.monotonicNanos() + options.queueTimeout().toNanos();
    Pending pending = new Pending(command, deadline);
    if (closing) {
      return refused("the topics are closed");
    }
    if (command.length > options.maxCommandBytes()) {
      return refused(
          "a command of " + command.length + " bytes, at most " + options.maxCommandBytes());
    }
    if (queuedBytes.addAndGet(pending.size()) > options.maxQueuedBytes()) {
      queuedBytes.addAndGet(-pending.size());
      return refused("more than " + options.maxQueuedBytes() + " bytes wait for the leader");
    }
    arriving.add(pending);
    if (awake.compareAndSet(false, true)) {
      onLoop(this::drain);
    }
    return pending.future;
  }

  /** The bytes of commands that have no answer yet. */
  long queuedBytes() {
    return queuedBytes.get();
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment is closed, and the loop with it: nobody else touches this any more.
      task.run();
    }
  }

  private static CompletableFuture<List<Outcome>> refused(String why) {
    return CompletableFuture.failedFuture(new RefusedException(why));
  }

  /**
   * Refuses commands from now on. Those given before go their way for a while; then, or when there
   * are none any more, calls {@code whenEmpty}, which must end what is under way.
   */
  void close(Runnable whenEmpty) {
    closing = true;
    onLoop(
        () -> {
          this.whenEmpty = whenEmpty;
          try {
            loop.schedule(GRACE_NANOS, this::endNow);
          } catch (RejectedExecutionException e) {
            endNow();
          }
          drain();
        });
  }

  private void endNow() {
    Runnable end = whenEmpty;
    whenEmpty = null;
    refuseWhile(pending -> true, "the topics are closed");
    if (end != null) {
      end.run();
    }
  }

  private void drain() {
    awake.set(false);
    for (Pending next = arriving.poll(); next != null; next = arriving.poll()) {
      queue.addLast(next);
    }
    Batch first = underWay.peekFirst();
    if (first != null && first.waiting) {
      first.waiting = false;
      send(first, 0);
    }
    while (!queue.isEmpty() && underWay.size() < options.maxBatchesUnderWay()) {
      long after = underWay.isEmpty() ? 0 : underWay.peekLast().number;
      Batch batch = new Batch(nextNumber++, take());
      underWay.addLast(batch);
      send(batch, after);
    }
    if (underWay.isEmpty() && whenEmpty != null) {
      endNow();
    }
    watchQueue();
  }

  private List<Pending> take() {
    List<Pending> content = new ArrayList<>();
    long bytes = 0;
    while (!queue.isEmpty()) {
      bytes += queue.peekFirst().size();
      if (bytes > options.batchBytes() && !content.isEmpty()) {
        break;
      }
      content.add(queue.pollFirst());
    }
    return content;
  }

  private void send(Batch batch, long after) {
    List<byte[]> commands = batch.content.stream().map(pending -> pending.command).toList();
    CompletableFuture<TopicResult> sent;
    try {
      sent = log.apply(new TopicCommand(stream, batch.number, after, commands));
    } catch (IllegalArgumentException e) {
      sent = CompletableFuture.failedFuture(new RefusedException(e.getMessage(), e));
    }
    sent.whenComplete((result, error) -> onLoop(() -> answered(batch, result, error)));
  }

  private void answered(Batch batch, TopicResult result, Throwable error) {
    if (result instanceof TopicResult.OutOfOrder) {
      batch.waiting = true;
      drain();
      return;
    }
    underWay.remove(batch);
    if (result instanceof TopicResult.Applied applied) {
      for (int i = 0; i < batch.content.size(); i++) {
        release(batch.content.get(i)).complete(applied.outcomes().get(i));
      }
    } else {
      OperationException failure = failure(result, error);
      batch.content.forEach(pending -> release(pending).completeExceptionally(failure));
    }
    drain();
  }

  private static OperationException failure(TopicResult result, Throwable error) {
    if (result instanceof TopicResult.Superseded) {
      return new RefusedException("a later command of this node was carried out before it");
    }
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    return cause instanceof OperationException known
        ? known
        : new IndeterminateException("no result: " + cause, cause);
  }

  private CompletableFuture<List<Outcome>> release(Pending pending) {
    queuedBytes.addAndGet(-pending.size());
    return pending.future;
  }

  private interface Condition {
    boolean holds(Pending pending);
  }

  private void refuseWhile(Condition condition, String why) {
    while (!queue.isEmpty() && condition.holds(queue.peekFirst())) {
      release(queue.pollFirst()).completeExceptionally(new RefusedException(why));
    }
  }

  /** Sees to it that nothing waits for longer than it may. */
  private void watchQueue() {
    if (!queue.isEmpty() && !timing) {
      long delay = Math.max(0, queue.peekFirst().deadlineNanos - clock.monotonicNanos());
      try {
        loop.schedule(delay, this::expire);
        timing = true;
      } catch (RejectedExecutionException e) {
        refuseWhile(pending -> true, "the environment is closed");
      }
    }
  }

  private void expire() {
    timing = false;
    long now = clock.monotonicNanos();
    refuseWhile(
        pending -> pending.deadlineNanos - now <= 0,
        "no room in the log within " + options.queueTimeout());
    watchQueue();
  }
}
