package io.quorate.core.wal;

import io.quorate.core.EventLoop;
import io.quorate.core.storage.StorageException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells one event loop how far the log is durable and whether it has room: one task for all that
 * happened since the last. What the loop has been told, and what waits, belongs to the loop.
 */
final class LoopNotifier implements Runnable {
  private record Waiter(long position, CompletableFuture<Void> future) {}

  private final EventLoop loop;
  private final WriteAheadLog log;
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final List<DurabilityListener> listeners = new ArrayList<>();
  private final PriorityQueue<Waiter> waiters =
      new PriorityQueue<>(Comparator.comparingLong(Waiter::position));
  private long told;
  private boolean toldFull;
  private boolean toldFailure;

  LoopNotifier(EventLoop loop, WriteAheadLog log) {
    this.loop = loop;
    this.log = log;
    this.told = log.durablePosition();
    this.toldFull = log.isFull();
  }

  /** Whether the log has no room, as far as the loop knows: the same throughout each of its turns. */
  boolean isFull() {
    return toldFull;
  }

  /** Adds a listener, which is told of a failure even if that is past; any thread. */
  void listen(DurabilityListener listener) {
    loop.execute(
        () -> {
          listeners.add(listener);
          if (toldFailure) {
            log.failure().ifPresent(listener::failed);
          }
        });
  }

  /** Completes once the log is durable at {@code position}. On the loop. */
  CompletableFuture<Void> await(long position) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    if (position <= log.durablePosition()) {
      future.complete(null);
      return future;
    }
    Optional<StorageException> cause = log.failure();
    if (cause.isPresent()) {
      future.completeExceptionally(cause.get());
    } else {
      waiters.add(new Waiter(position, future));
    }
    return future;
  }

  /** There is news; any thread. */
  void wake() {
    if (scheduled.compareAndSet(false, true)) {
      try {
        loop.execute(this);
      } catch (RejectedExecutionException e) {
        // The loop is closed: whoever waited there has been stopped with it.
        scheduled.set(false);
      }
    }
  }

  @Override
  public void run() {
    scheduled.set(false);
    toldFull = log.isFull();
    long position = log.durablePosition();
    if (position > told) {
      told = position;
      for (DurabilityListener listener : List.copyOf(listeners)) {
        listener.durable(position);
      }
      while (!waiters.isEmpty() && waiters.peek().position() <= position) {
        waiters.poll().future().complete(null);
      }
    }
    log.failure().ifPresent(this::fail);
  }

  private void fail(StorageException cause) {
    if (toldFailure) {
      return;
    }
    toldFailure = true;
    for (DurabilityListener listener : List.copyOf(listeners)) {
      listener.failed(cause);
    }
    while (!waiters.isEmpty()) {
      waiters.poll().future().completeExceptionally(cause);
    }
  }
}
