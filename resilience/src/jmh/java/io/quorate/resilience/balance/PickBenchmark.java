package io.quorate.resilience.balance;

import io.quorate.resilience.Outcome;
import io.quorate.resilience.Tried;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a balancer adds to a call: pick, and complete with success. {@code clock} is the cost of the
 * two readings of the clock alone, {@code random} that of the simplest balancer there is.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PickBenchmark {
  @Param({"roundRobin", "powerOfTwo", "leastInFlight", "peakEwma2", "peakEwma"})
  public String policy;

  @Param({"10"})
  public int replicas;

  private LoadBalancer<String> balancer;
  private List<String> targets;

  @Setup
  public void setUp() {
    targets = IntStream.range(0, replicas).mapToObj(i -> "r" + i).toList();
    balancer =
        LoadBalancer.<String>builder()
            .policy(policyOf(policy))
            .seed(1)
            .build(targets.stream().map(Replica::of).toList());
  }

  private static Policy<String> policyOf(String name) {
    return switch (name) {
      case "roundRobin" -> Policy.roundRobin();
      case "powerOfTwo" -> Policy.powerOfTwo();
      case "leastInFlight" -> Policy.leastInFlight();
      case "peakEwma2" -> Policy.peakEwma(2);
      case "peakEwma" -> Policy.peakEwma();
      default -> throw new IllegalArgumentException("policy must be known, was " + name);
    };
  }

  private String call() {
    long token = balancer.pick(0, Tried.none(), System.nanoTime());
    String target = balancer.target(token);
    balancer.done(token, Outcome.SUCCESS, System.nanoTime());
    return target;
  }

  @Benchmark
  public String pickAndComplete() {
    return call();
  }

  @Benchmark
  @Threads(2)
  public String pickAndCompleteByTwo() {
    return call();
  }

  @Benchmark
  public long clock() {
    return System.nanoTime() ^ System.nanoTime();
  }

  @Benchmark
  public String random() {
    long start = System.nanoTime();
    String target = targets.get(ThreadLocalRandom.current().nextInt(targets.size()));
    return System.nanoTime() - start < 0 ? null : target;
  }
}
