package io.quorate.consensus.bench;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;

/**
 * A closed loop: {@code depth} slots with one operation outstanding each, issued by one thread;
 * completions record the time and hand the slot back.
 */
final class Load {
  /** What a run measured. */
  record Outcome(
      int depth, long operations, double perSecond, double p50Millis, double p99Millis,
      double cpuMicrosPerOp, long failures) {
    @Override
    public String toString() {
      return String.format(
          "%,9.0f/s  p50 %7.3f ms  p99 %7.3f ms  cpu %6.2f us/op  failed %d",
          perSecond, p50Millis, p99Millis, cpuMicrosPerOp, failures);
    }
  }

  /** Begins one operation of a slot. */
  interface Operation extends IntFunction<CompletableFuture<?>> {}

  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private Load() {}

  static Outcome run(int depth, double seconds, Operation operation)
      throws InterruptedException {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    return runWhile(depth, () -> System.nanoTime() < end, operation);
  }

  /** Runs for as long as {@code goesOn} says so. */
  static Outcome runWhile(int depth, BooleanSupplier goesOn, Operation operation)
      throws InterruptedException {
    FreeSlots free = new FreeSlots(depth);
    for (int slot = 0; slot < depth; slot++) {
      free.give(slot);
    }
    int room = 1 << 22;
    long[] latencies = new long[room];
    AtomicLong done = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    long cpuBefore = cpuNanos();
    long begin = System.nanoTime();
    while (goesOn.getAsBoolean()) {
      int slot = free.take(SECOND_NANOS);
      if (slot < 0) {
        continue;
      }
      long issued = System.nanoTime();
      operation
          .apply(slot)
          .whenComplete(
              (result, error) -> {
                if (error != null) {
                  failed.incrementAndGet();
                } else {
                  long n = done.getAndIncrement();
                  latencies[(int) (n % room)] = System.nanoTime() - issued;
                }
                free.give(slot);
              });
    }
    long elapsed = System.nanoTime() - begin;
    long cpu = cpuNanos() - cpuBefore;
    long count = done.get();
    for (int i = 0; i < depth; i++) {
      free.take(5 * SECOND_NANOS);
    }
    long[] sorted = Arrays.copyOf(latencies, (int) Math.min(count, room));
    Arrays.sort(sorted);
    return new Outcome(
        depth,
        count,
        count * 1e9 / elapsed,
        at(sorted, 0.5) / 1e6,
        at(sorted, 0.99) / 1e6,
        count == 0 ? 0 : cpu / 1e3 / count,
        failed.get());
  }

  static double loadAverage() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  private static long at(long[] sorted, double quantile) {
    return sorted.length == 0 ? 0 : sorted[(int) (quantile * (sorted.length - 1))];
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
