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
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Tells one event loop how far the log is durable: one task for everything that became durable
 * since the last. What waits belongs to the loop.
 */
final class LoopNotifier implements Runnable {
  private record Waiter(long position, CompletableFuture<Void> future) {}

  private final EventLoop loop;
  private final LongSupplier durable;
  private final Supplier<Optional<StorageException>> failure;
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final List<DurabilityListener> listeners = new ArrayList<>();
  private final PriorityQueue<Waiter> waiters =
      new PriorityQueue<>(Comparator.comparingLong(Waiter::position));
  private long told;
  private boolean toldFailure;

  LoopNotifier(
      EventLoop loop, LongSupplier durable, Supplier<Optional<StorageException>> failure) {
    this.loop = loop;
    this.durable = durable;
    this.failure = failure;
    this.told = durable.getAsLong();
  }

  /** Adds a listener, which is told of a failure even if that is past; any thread. */
  void listen(DurabilityListener listener) {
    loop.execute(
        () -> {
          listeners.add(listener);
          if (toldFailure) {
            failure.get().ifPresent(listener::failed);
          }
        });
  }

  /** Completes once the log is durable at {@code position}. On the loop. */
  CompletableFuture<Void> await(long position) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    if (position <= durable.getAsLong()) {
      future.complete(null);
      return future;
    }
    Optional<StorageException> cause = failure.get();
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
    long position = durable.getAsLong();
    if (position > told) {
      told = position;
      for (DurabilityListener listener : List.copyOf(listeners)) {
        listener.durable(position);
      }
      while (!waiters.isEmpty() && waiters.peek().position() <= position) {
        waiters.poll().future().complete(null);
      }
    }
    failure.get().ifPresent(this::fail);
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
