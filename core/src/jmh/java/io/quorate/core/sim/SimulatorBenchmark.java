package io.quorate.core.sim;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How much virtual time and how many events a second of real time carries. Divide {@code events}
 * and {@code simulatedSeconds} by {@code cpuSeconds} where other programs share the processor.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 4)
@Measurement(iterations = 5, time = 4)
@State(Scope.Thread)
public class SimulatorBenchmark {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Sums, each reported per second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counters {
    public double events;
    public double simulatedSeconds;
    public double cpuSeconds;
  }

  private long seed;

  /** Five nodes, 200 operations a second, the real codecs and write-ahead log, one invariant. */
  @Benchmark
  public long replicatedLog(Counters counters) {
    long cpuNanos = THREADS.getCurrentThreadCpuTime();
    try (Simulation sim = LogReplica.load(seed++, 10)) {
      return count(sim, counters, cpuNanos);
    }
  }

  /** One seed of a campaign: a swarm of faults over a register, its history checked. */
  @Benchmark
  public long campaignSeed(Counters counters) {
    long cpuNanos = THREADS.getCurrentThreadCpuTime();
    FaultPlan plan = Swarm.defaults().draw(seed);
    try (Simulation sim = Simulation.seeded(seed++)) {
      new AbdScenario(sim, plan, AbdRegister.Bug.NONE).run();
      return count(sim, counters, cpuNanos);
    }
  }

  private static long count(Simulation sim, Counters counters, long cpuNanos) {
    counters.events += sim.eventCount();
    counters.simulatedSeconds += sim.nowNanos() / 1e9;
    counters.cpuSeconds += (THREADS.getCurrentThreadCpuTime() - cpuNanos) / 1e9;
    return sim.digest();
  }
}
