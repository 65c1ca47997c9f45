package io.quorate.core.wal;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.transport.InMemoryNetwork;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** A log on real threads and files; a main program that appends until it is killed. */
final class RealWal implements AutoCloseable {
  static final WalOptions OPTIONS = new WalOptions("cluster/n1", 64 << 10, 4096, 1 << 20, 0);

  final Environment environment;
  final EventLoop loop;
  final WriteAheadLog wal;

  RealWal(Path directory, WalOptions options) {
    environment =
        Environment.inMemory(
            EnvironmentOptions.of(NodeId.of("n1"), "cluster").withDataDirectory(directory),
            new InMemoryNetwork());
    loop = environment.eventLoop("owner");
    try {
      wal = WriteAheadLog.open(environment, "wal", loop, options).join();
    } catch (CompletionException e) {
      environment.close();
      throw (RuntimeException) e.getCause();
    }
  }

  /** Calls {@code action} on the owner's loop and waits for what it returns. */
  <T> T onLoop(Supplier<T> action) {
    return CompletableFuture.supplyAsync(action, loop).join();
  }

  @Override
  public void close() {
    wal.shutdown().join();
    environment.close();
  }

  /** Opens the log in the directory given and prints the index of each entry that is durable. */
  public static void main(String[] args) throws IOException {
    RealWal real = new RealWal(Path.of(args[0]), OPTIONS);
    System.out.println("open");
    LogicalLog log = real.wal.log(1);
    for (int i = 0; i < 8; i++) {
      real.loop.execute(() -> appendForever(log));
    }
    // Ends with the process that has started it, if not before.
    while (System.in.read() >= 0) {
      System.out.println("no input is expected");
    }
    System.exit(0);
  }

  private static void appendForever(LogicalLog log) {
    long index = log.nextIndex();
    long position = log.append(("entry " + index).getBytes(StandardCharsets.US_ASCII));
    log.durable(position)
        .thenRun(
            () -> {
              System.out.println(index);
              appendForever(log);
            });
  }
}
