package io.quorate.core.wal;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.transport.InMemoryNetwork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Durable appends of 128 bytes: many at once through the log, against one write and one sync for
 * each into a pre-allocated file on the same disk.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(1)
public class WalBenchmark {
  private static final int PAYLOAD_BYTES = 128;
  private static final int BATCH = 8192;
  private static final int PREALLOCATED_BYTES = 64 << 20;

  private final byte[] payload = new byte[PAYLOAD_BYTES];
  private Path directory;
  private Environment environment;
  private EventLoop loop;
  private WriteAheadLog wal;
  private LogicalLog log;
  private FileChannel plain;
  private long plainPosition;

  @Setup(Level.Trial)
  public void open() throws IOException {
    directory = Files.createTempDirectory("wal-benchmark");
    environment =
        Environment.inMemory(
            EnvironmentOptions.of(NodeId.of("n1"), "benchmark").withDataDirectory(directory),
            new InMemoryNetwork());
    loop = environment.eventLoop("owner");
    wal =
        WriteAheadLog.open(environment, "wal", loop, WalOptions.of("n1").withCacheBytes(0)).join();
    log = wal.log(1);
    plain =
        FileChannel.open(
            directory.resolve("plain"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    for (int at = 0; at < PREALLOCATED_BYTES; at += 1 << 20) {
      plain.write(ByteBuffer.allocate(1 << 20), at);
    }
    plain.force(true);
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    wal.shutdown().join();
    environment.close();
    plain.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** What a log without group commit does at best. */
  @Benchmark
  public void oneSyncPerAppend() throws IOException {
    if (plainPosition + PAYLOAD_BYTES > PREALLOCATED_BYTES) {
      plainPosition = 0;
    }
    plain.write(ByteBuffer.wrap(payload), plainPosition);
    plainPosition += PAYLOAD_BYTES;
    plain.force(false);
  }

  /** Appenders, each of which waits until its entry is durable before it appends the next. */
  @State(Scope.Benchmark)
  public static class Appenders {
    @Param({"1", "16", "256"})
    int appenders;
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void durableAppends(Appenders state) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(BATCH);
    int each = BATCH / state.appenders;
    loop.execute(
        () -> {
          for (int i = 0; i < state.appenders; i++) {
            appendAndWait(each, done);
          }
        });
    done.await();
    drop();
  }

  /** One owner that does not wait: the append path itself, and what it allocates. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void pipelinedAppends() {
    CompletableFuture<Void> durable = new CompletableFuture<>();
    loop.execute(
        () -> {
          long position = 0;
          for (int i = 0; i < BATCH; i++) {
            position = log.append(payload);
          }
          log.durable(position).thenRun(() -> durable.complete(null));
        });
    durable.join();
    drop();
  }

  private void appendAndWait(int left, CountDownLatch done) {
    log.durable(log.append(payload))
        .thenRun(
            () -> {
              done.countDown();
              if (left > 1) {
                appendAndWait(left - 1, done);
              }
            });
  }

  private void drop() {
    loop.execute(() -> log.dropPrefix(log.nextIndex()));
  }
}
