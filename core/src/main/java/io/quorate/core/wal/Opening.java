package io.quorate.core.wal;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Text;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has a log recovered where blocking is allowed and hands it over on its loop. */
final class Opening {
  private static final Logger log = LoggerFactory.getLogger(Opening.class);

  private Opening() {}

  static CompletableFuture<WriteAheadLog> open(
      Environment environment, String directory, EventLoop loop, WalOptions options) {
    Storage.checkPath(directory);
    Objects.requireNonNull(loop, "loop");
    Objects.requireNonNull(options, "options");
    String name = Text.nameOfPath(directory);
    Executor files = environment.blockingExecutor("wal-files." + name);
    WalWorld world =
        new WalWorld(
            environment.storage(),
            directory,
            options,
            loop,
            environment.blockingExecutor("wal-write." + name),
            files,
            environment.metrics(),
            environment.clock(),
            environment.faults());
    long nonce = environment.random("wal." + directory).nextLong();
    CompletableFuture<WriteAheadLog> future = new CompletableFuture<>();
    files.execute(() -> recover(world, nonce, future));
    return future;
  }

  private static void recover(
      WalWorld world, long nonce, CompletableFuture<WriteAheadLog> future) {
    SharedLog opened;
    try {
      opened = new Recovery(world.storage(), world.directory(), world.options(), nonce).run(world);
    } catch (RuntimeException e) {
      complete(world.loop(), () -> future.completeExceptionally(e), future);
      return;
    }
    opened.start();
    log.info(
        "write-ahead log open directory={} durablePosition={} logs={} bytes={}",
        world.directory(),
        opened.durablePosition(),
        opened.logIds().size(),
        opened.sizeBytes());
    complete(world.loop(), () -> future.complete(opened), future);
  }

  private static void complete(
      EventLoop loop, Runnable completion, CompletableFuture<WriteAheadLog> future) {
    try {
      loop.execute(completion);
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(new StorageException("the event loop is closed", e));
    }
  }

  /** Executors have names of limited length; two long directories still get two. */
}
