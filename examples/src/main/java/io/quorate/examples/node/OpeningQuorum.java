package io.quorate.examples.node;

import io.quorate.core.Environment;
import io.quorate.core.codec.Codec;
import io.quorate.core.storage.StorageException;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.PlacementRegister;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A quorum store that opens in the background: on a new disk it needs a placement that a majority
 * has agreed on, and a node serves what it can before it has found one.
 */
final class OpeningQuorum implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(OpeningQuorum.class);
  /** On a disk that has been in use it opens by then, and what is damaged has shown. */
  private static final long WAIT_MILLIS = 1_000;

  private static final int CLOSE_SECONDS = 3;
  private static final long RETRY_MILLIS = 500;

  private final Environment environment;
  private final PlacementRegister register;
  private final Optional<Placement> first;
  private final Consumer<StorageException> onDamage;
  private final CompletableFuture<QuorumStore<String, byte[]>> store = new CompletableFuture<>();
  private volatile boolean closed;

  /**
   * Begins to open; returns soon.
   *
   * @param first what a new cluster begins with; empty for a node that is added to one
   * @param onDamage told if the disk turns out to be damaged after this has returned
   * @throws CompletionException of a {@link StorageException} if it has shown before
   */
  OpeningQuorum(
      Environment environment,
      PlacementRegister register,
      Optional<Placement> first,
      Consumer<StorageException> onDamage) {
    this.environment = environment;
    this.register = register;
    this.first = first;
    CompletableFuture<Void> soon =
        new CompletableFuture<Void>().completeOnTimeout(null, WAIT_MILLIS, TimeUnit.MILLISECONDS);
    form();
    open();
    CompletableFuture.anyOf(store, soon).join();
    this.onDamage = onDamage;
    store.exceptionally(
        failure -> {
          damaged(failure);
          return null;
        });
  }

  /** Completes once it is open; fails if its disk is damaged. */
  CompletableFuture<QuorumStore<String, byte[]>> store() {
    return store;
  }

  @Override
  public void close() {
    closed = true;
    if (store.isDone() && !store.isCompletedExceptionally()) {
      store.join().shutdown().orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS).join();
    }
  }

  private void form() {
    if (closed || first.isEmpty()) {
      return;
    }
    register
        .form(first.get())
        .whenComplete(
            (state, failure) -> {
              if (failure != null) {
                later(this::form);
              }
            });
  }

  private void open() {
    if (closed) {
      return;
    }
    QuorumStore.open(
            environment, register, Codec.STRING, Codec.BYTES, QuorumOptions.in("quorum"))
        .whenComplete(
            (open, failure) -> {
              if (failure == null) {
                store.complete(open);
              } else if (unwrapped(failure) instanceof StorageException damage) {
                store.completeExceptionally(damage);
              } else {
                log.debug("quorum store is not open yet", failure);
                later(this::open);
              }
            });
  }

  private void later(Runnable task) {
    CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS).execute(task);
  }

  private void damaged(Throwable failure) {
    if (!closed && unwrapped(failure) instanceof StorageException damage) {
      onDamage.accept(damage);
    }
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
