package io.quorate.core.wal;

import io.quorate.core.EventLoop;
import io.quorate.core.storage.Storage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A log on a {@link ManualEnvironment}, driven step by step. */
final class WalHarness {
  static final String DIRECTORY = "node/wal";
  static final WalOptions OPTIONS =
      new WalOptions("cluster/n1", 1024, 256, 64 << 10, 1 << 20);

  final ManualEnvironment environment;
  final EventLoop loop;
  WriteAheadLog wal;

  WalHarness(Storage storage) {
    this(storage, OPTIONS, 0);
  }

  WalHarness(Storage storage, WalOptions options, long seed) {
    environment = new ManualEnvironment(storage, seed);
    loop = environment.eventLoop("owner");
    CompletableFuture<WriteAheadLog> opening =
        WriteAheadLog.open(environment, DIRECTORY, loop, options);
    environment.run();
    wal = join(opening);
  }

  LogicalLog log(long id) {
    return wal.log(id);
  }

  /** Runs everything; the log is then as durable as it gets. */
  void settle() {
    environment.run();
  }

  void close() {
    CompletableFuture<Void> closed = wal.shutdown();
    environment.run();
    join(closed);
  }

  List<String> entries(long id) {
    LogicalLog log = log(id);
    CompletableFuture<List<byte[]>> read = log.read(log.firstIndex(), Long.MAX_VALUE);
    environment.run();
    return texts(join(read));
  }

  /** The result, or what it failed with, unwrapped. */
  static <T> T join(CompletableFuture<T> future) {
    if (!future.isDone()) {
      throw new AssertionError("not complete, though nothing is left to run");
    }
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static List<String> texts(List<byte[]> payloads) {
    List<String> texts = new ArrayList<>();
    for (byte[] payload : payloads) {
      texts.add(text(payload));
    }
    return texts;
  }
}
