package io.quorate.replication.peers;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;

/** A closed loop of so many operations in flight, for a while. */
final class Load {
  private static final int KEYS = 16_384;
  private static final int VALUE_BYTES = 100;
  private static final int BUCKETS = 200_000;
  private static final int BUCKET_MICROS = 10;

  /**
   * What came out.
   *
   * @param perSecond operations per second
   * @param cpuMicros CPU time of the whole process for each, in microseconds
   */
  record Result(double perSecond, double p50Millis, double p99Millis, double cpuMicros, long failed) {}

  private Load() {}

  static Result run(Candidate candidate, int inFlight, int readPercent, long millis)
      throws InterruptedException {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    AtomicIntegerArray latencies = new AtomicIntegerArray(BUCKETS);
    LongAdder done = new LongAdder();
    LongAdder failed = new LongAdder();
    Semaphore room = new Semaphore(inFlight);
    AtomicInteger operations = new AtomicInteger();
    byte[] value = new byte[VALUE_BYTES];
    long cpuBefore = system.getProcessCpuTime();
    long begin = System.nanoTime();
    long end = begin + millis * 1_000_000;
    while (System.nanoTime() < end) {
      room.acquire();
      int operation = operations.incrementAndGet();
      // A fixed scramble: every run touches the same keys in the same order.
      int scrambled = operation * 0x9e3779b9 >>> 4;
      String key = "key-" + scrambled % KEYS;
      boolean isRead = (scrambled >>> 14) % 100 < readPercent;
      long start = System.nanoTime();
      (isRead ? candidate.get(operation, key) : candidate.put(operation, key, value))
          .whenComplete(
              (result, failure) -> {
                long micros = (System.nanoTime() - start) / 1_000;
                latencies.incrementAndGet((int) Math.min(BUCKETS - 1, micros / BUCKET_MICROS));
                (failure == null ? done : failed).increment();
                room.release();
              });
    }
    room.acquire(inFlight);
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cpuMicros = (system.getProcessCpuTime() - cpuBefore) / 1e3;
    long count = done.sum();
    return new Result(
        count / seconds,
        quantile(latencies, count, 0.5),
        quantile(latencies, count, 0.99),
        cpuMicros / Math.max(1, count),
        failed.sum());
  }

  private static double quantile(AtomicIntegerArray latencies, long count, double quantile) {
    long seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
      seen += latencies.get(i);
      if (seen >= count * quantile) {
        return (i + 0.5) * BUCKET_MICROS / 1e3;
      }
    }
    return BUCKETS * BUCKET_MICROS / 1e3;
  }
}
