package io.quorate.core.transport;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.DoubleStream;

/**
 * Compares echoes over one loopback connection: this library, plain Netty, grpc-java. The three
 * take turns of a fraction of a second in one JVM, so that whatever else the machine does falls on
 * all of them; what is printed is the median of the ratios within each round.
 *
 * <p>Any argument leaves {@code pipelined} out.
 *
 * <p>{@code pipelined}: 128 requests in flight, each answer sending the next, in requests per
 * second. {@code round trip}: one request at a time, its median in microseconds.
 */
public final class TransportComparison {
  private static final int DEPTH = 128;
  private static final int ROUNDS = 25;
  private static final long TURN_NANOS = 150_000_000;
  private static final int[] SIZES = {64, 1_024, 65_536};

  private TransportComparison() {}

  public static void main(String[] args) throws Exception {
    Map<String, EchoPeer> peers = new LinkedHashMap<>();
    peers.put("quorate", new QuorateEcho());
    peers.put("netty", new NettyEcho());
    peers.put("grpc", new GrpcEcho());
    System.out.printf(
        "java %s, %d processors, load average %.1f%n",
        Runtime.version(), Runtime.getRuntime().availableProcessors(), load());
    for (int size : SIZES) {
      if (args.length == 0) {
        report("pipelined", size, measure(peers, new byte[size], TransportComparison::pipelined));
      }
      report("round trip", size, measure(peers, new byte[size], TransportComparison::roundTrip));
    }
    System.out.printf("load average %.1f%n", load());
    for (EchoPeer peer : peers.values()) {
      peer.close();
    }
  }

  private interface Turn {
    double run(EchoPeer peer, byte[] payload) throws Exception;
  }

  /** For each peer what it reached in each round, the first rounds left out. */
  private static Map<String, double[]> measure(
      Map<String, EchoPeer> peers, byte[] payload, Turn turn) throws Exception {
    Map<String, double[]> results = new LinkedHashMap<>();
    peers.keySet().forEach(name -> results.put(name, new double[ROUNDS]));
    for (int round = -20; round < ROUNDS; round++) {
      for (Map.Entry<String, EchoPeer> peer : peers.entrySet()) {
        double result = turn.run(peer.getValue(), payload);
        if (round >= 0) {
          results.get(peer.getKey())[round] = result;
        }
      }
    }
    return results;
  }

  private static void report(String what, int size, Map<String, double[]> results) {
    double[] ours = results.get("quorate");
    StringBuilder line = new StringBuilder(String.format("%-10s %6d B", what, size));
    results.forEach(
        (name, values) -> line.append(String.format("  %s %,.1f", name, median(values.clone()))));
    for (String other : new String[] {"netty", "grpc"}) {
      double[] ratios = new double[ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        ratios[i] = ours[i] / results.get(other)[i];
      }
      boolean highest = what.equals("pipelined");
      double bestRatio = best(ours, highest) / best(results.get(other), highest);
      line.append(
          String.format("  quorate/%s %.2f (best turns %.2f)", other, median(ratios), bestRatio));
    }
    System.out.println(line);
  }

  /** Requests per second with many in flight. */
  private static double pipelined(EchoPeer peer, byte[] payload) throws InterruptedException {
    Pipeline pipeline = new Pipeline(peer, payload);
    long start = System.nanoTime();
    for (int i = 0; i < DEPTH; i++) {
      pipeline.next();
    }
    TimeUnit.NANOSECONDS.sleep(TURN_NANOS);
    pipeline.over = true;
    pipeline.ended.await();
    return pipeline.answers.get() * 1e9 / (System.nanoTime() - start);
  }

  private static final class Pipeline {
    private final EchoPeer peer;
    private final byte[] payload;
    private volatile boolean over;
    private final AtomicInteger answers = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(DEPTH);

    private Pipeline(EchoPeer peer, byte[] payload) {
      this.peer = peer;
      this.payload = payload;
    }

    private void next() {
      CompletableFuture<byte[]> answer = peer.call(payload);
      answer.whenComplete(
          (value, failure) -> {
            if (failure != null) {
              throw new IllegalStateException(failure);
            }
            answers.incrementAndGet();
            if (over) {
              ended.countDown();
            } else {
              next();
            }
          });
    }
  }

  /** The median in microseconds of one request at a time. */
  private static double roundTrip(EchoPeer peer, byte[] payload) throws Exception {
    List<Long> nanos = new ArrayList<>();
    long end = System.nanoTime() + TURN_NANOS;
    long before = System.nanoTime();
    while (before - end < 0) {
      peer.call(payload).get();
      long after = System.nanoTime();
      nanos.add(after - before);
      before = after;
    }
    return median(nanos.stream().mapToDouble(Long::doubleValue).toArray()) / 1_000;
  }

  /** The best turn: what is left when the machine had nothing else to do. */
  private static double best(double[] values, boolean highest) {
    DoubleStream all = Arrays.stream(values);
    return highest ? all.max().orElseThrow() : all.min().orElseThrow();
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private static double load() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }
}
