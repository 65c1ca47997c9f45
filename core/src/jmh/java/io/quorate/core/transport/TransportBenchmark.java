package io.quorate.core.transport;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
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
 * Requests that are echoed, over one loopback connection without TLS, both sides in this JVM: this
 * library, a plain Netty echo with length-framed messages, and grpc-java unary calls.
 *
 * <p>{@code pipelined} keeps 128 requests in flight, each answer sending the next request. {@code
 * roundTrip} waits for each answer on the benchmark's thread.
 */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 2)
public class TransportBenchmark {
  private static final int DEPTH = 128;
  private static final int BATCH = 4_096;

  /** Who echoes. */
  @Param({"quorate", "netty", "grpc"})
  public String peer;

  /** Payload. */
  @Param({"64", "1024", "65536"})
  public int bytes;

  private EchoPeer echo;
  private byte[] payload;

  @Setup
  public void start() throws Exception {
    payload = new byte[bytes];
    echo =
        switch (peer) {
          case "quorate" -> new QuorateEcho();
          case "netty" -> new NettyEcho();
          case "grpc" -> new GrpcEcho();
          default -> throw new IllegalArgumentException("peer " + peer);
        };
    if (echo.call(payload).get().length != bytes) {
      throw new IllegalStateException("echo differs");
    }
  }

  @TearDown
  public void stop() throws Exception {
    echo.close();
  }

  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  @OperationsPerInvocation(BATCH)
  public void pipelined() throws InterruptedException {
    Pipeline pipeline = new Pipeline();
    for (int i = 0; i < DEPTH; i++) {
      pipeline.next();
    }
    pipeline.done.await();
  }

  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  public byte[] roundTrip() throws Exception {
    return echo.call(payload).get();
  }

  private final class Pipeline {
    private final AtomicInteger left = new AtomicInteger(BATCH);
    private final CountDownLatch done = new CountDownLatch(BATCH);

    private void next() {
      if (left.getAndDecrement() > 0) {
        CompletableFuture<byte[]> answer = echo.call(payload);
        answer.whenComplete(
            (value, failure) -> {
              if (failure != null) {
                throw new IllegalStateException(failure);
              }
              done.countDown();
              next();
            });
      }
    }
  }
}
