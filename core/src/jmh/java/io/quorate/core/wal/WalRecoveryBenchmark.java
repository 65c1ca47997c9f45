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
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Opening a log of 1 GiB, against reading the same files from end to end. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 7)
@Fork(value = 1, jvmArgsAppend = {"-Xms2g", "-Xmx2g"})
public class WalRecoveryBenchmark {
  private static final long TOTAL_BYTES = 1L << 30;
  private static final int RECORD_HEADER_BYTES = 25;
  private static final int APPENDS_PER_WAIT = 4096;
  private static final WalOptions OPTIONS = WalOptions.of("n1").withCacheBytes(0);

  @Param({"128", "1024"})
  int payloadBytes;

  private Path directory;

  @Setup(Level.Trial)
  public void fill() throws IOException {
    directory = Files.createTempDirectory("wal-recovery");
    try (Environment environment = environment()) {
      EventLoop loop = environment.eventLoop("owner");
      WriteAheadLog wal = WriteAheadLog.open(environment, "wal", loop, OPTIONS).join();
      LogicalLog log = wal.log(1);
      byte[] payload = new byte[payloadBytes];
      long appends = TOTAL_BYTES / (payloadBytes + RECORD_HEADER_BYTES);
      for (long done = 0; done < appends; done += APPENDS_PER_WAIT) {
        CompletableFuture.supplyAsync(() -> append(log, payload), loop)
            .thenCompose(durable -> durable)
            .join();
      }
      wal.shutdown().join();
    }
  }

  private static CompletableFuture<Void> append(LogicalLog log, byte[] payload) {
    long position = 0;
    for (int i = 0; i < APPENDS_PER_WAIT; i++) {
      position = log.append(payload);
    }
    return log.durable(position);
  }

  @TearDown(Level.Trial)
  public void delete() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Benchmark
  public long recover() {
    try (Environment environment = environment()) {
      EventLoop loop = environment.eventLoop("owner");
      WriteAheadLog wal = WriteAheadLog.open(environment, "wal", loop, OPTIONS).join();
      long next = wal.log(1).nextIndex();
      wal.shutdown().join();
      return next;
    }
  }

  @Benchmark
  public long readSequentially() throws IOException {
    long bytes = 0;
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    try (Stream<Path> files = Files.list(directory.resolve("wal"))) {
      for (Path file : files.sorted().toList()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
          while (channel.read(buffer.clear()) >= 0) {
            bytes += buffer.position();
          }
        }
      }
    }
    return bytes;
  }

  private Environment environment() {
    return Environment.inMemory(
        EnvironmentOptions.of(NodeId.of("n1"), "benchmark").withDataDirectory(directory),
        new InMemoryNetwork());
  }
}
