package io.quorate.consensus.bench;

import io.quorate.core.MetricsRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Shows where one operation's time goes: {@code RaftProfile DIRECTORY WHAT DEPTH SECONDS [BYTES]},
 * where WHAT is {@code put}, {@code put-memory}, {@code read} or {@code lease}, of values of BYTES
 * (100). Prints, per operation, the CPU time and the allocated bytes of every kind of thread,
 * switches of context, syncs, bytes of log and frames; then the CPU time of all threads of the
 * process, those of the virtual machine too, in the program and in the kernel, where the system
 * tells. Run it under a sampling profiler to see which methods they are.
 */
public final class RaftProfile {
  private static final int KEYS = 20_000;
  private static final double TICK_MICROS = 10_000;
  /** Of /proc/PID/task/TID/stat, counted behind the name. */
  private static final int USER_TICKS = 11;
  private static final int KERNEL_TICKS = 12;

  private RaftProfile() {}

  /** What has been used since the process began, by kind of thread. */
  private record Usage(
      Map<String, long[]> byKind,
      Map<String, long[]> tasks,
      long switches,
      long syncs,
      long logBytes,
      long frames) {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    String what = arguments[1];
    int depth = Integer.parseInt(arguments[2]);
    double seconds = Double.parseDouble(arguments[3]);
    byte[][] keys = new byte[KEYS][16];
    SplittableRandom random = new SplittableRandom(1);
    for (byte[] key : keys) {
      random.nextBytes(key);
    }
    byte[] value = new byte[arguments.length > 4 ? Integer.parseInt(arguments[4]) : 100];
    random.nextBytes(value);
    int[] next = new int[1];
    Files.createDirectories(directory);
    try (QuoratePeer peer = new QuoratePeer(directory, !what.equals("put-memory"), 1)) {
      for (byte[] key : keys) {
        peer.put(key, value);
      }
      Load.Operation operation =
          what.equals("read")
              ? slot -> peer.read(keys[next[0]++ % KEYS])
              : what.equals("lease")
                  ? slot -> peer.leaseRead(keys[next[0]++ % KEYS])
                  : slot -> peer.put(keys[next[0]++ % KEYS], value);
      // Long enough for the compiler to be done.
      Load.run(depth, 2 * seconds, operation);
      Usage before = usage(peer);
      Load.Outcome outcome = Load.run(depth, seconds, operation);
      Usage after = usage(peer);
      System.out.printf("%s depth %d load %.1f%n", outcome, depth, Load.loadAverage());
      long operations = Math.max(1, outcome.operations());
      after.byKind.forEach(
          (kind, used) -> {
            long[] was = before.byKind.getOrDefault(kind, new long[2]);
            System.out.printf(
                "  %-24s %7.2f us/op  %7.0f B/op%n",
                kind,
                (used[0] - was[0]) / 1e3 / operations,
                (double) (used[1] - was[1]) / operations);
          });
      System.out.printf(
          "  per op: %.3f switches, %.4f syncs, %.0f B of log, %.3f frames%n",
          (double) (after.switches - before.switches) / operations,
          (double) (after.syncs - before.syncs) / operations,
          (double) (after.logBytes - before.logBytes) / operations,
          (double) (after.frames - before.frames) / operations);
      after.tasks.forEach(
          (kind, used) -> {
            long[] was = before.tasks.getOrDefault(kind, new long[2]);
            System.out.printf(
                "  %-24s %7.2f us/op in the program  %7.2f in the kernel%n",
                kind,
                (used[0] - was[0]) * TICK_MICROS / operations,
                (used[1] - was[1]) * TICK_MICROS / operations);
          });
    }
    System.exit(0);
  }

  private static Usage usage(QuoratePeer peer) throws IOException {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Map<String, long[]> byKind = new TreeMap<>();
    for (long id : threads.getAllThreadIds()) {
      var info = threads.getThreadInfo(id);
      if (info != null) {
        String kind = info.getThreadName().replaceAll("quorate-[a-z]-", "").replaceAll("\\d+", "");
        long[] used = byKind.computeIfAbsent(kind, name -> new long[2]);
        used[0] += threads.getThreadCpuTime(id);
        used[1] += threads.getThreadAllocatedBytes(id);
      }
    }
    return new Usage(
        byKind,
        tasks(),
        switches(),
        sum(peer, r -> r instanceof MetricsRegistry.Distribution d
            && d.name().equals("wal_sync_nanos") ? d.values().count() : 0),
        sum(peer, r -> r instanceof MetricsRegistry.Count c
            && c.name().equals("wal_written_bytes") ? c.value() : 0),
        sum(peer, r -> r instanceof MetricsRegistry.Count c
            && c.name().equals("transport_frames_received_total") ? c.value() : 0));
  }

  private static long sum(QuoratePeer peer, ToLongFunction<MetricsRegistry.Reading> value) {
    return peer.metrics().stream().flatMap(m -> m.readings().stream()).mapToLong(value).sum();
  }

  /** Ticks in the program and in the kernel by kind of thread; empty where nobody tells. */
  private static Map<String, long[]> tasks() throws IOException {
    Map<String, long[]> ticks = new TreeMap<>();
    Path tasks = Path.of("/proc/self/task");
    if (!Files.exists(tasks)) {
      return ticks;
    }
    try (Stream<Path> all = Files.list(tasks)) {
      for (Path task : all.toList()) {
        String stat = Files.readString(task.resolve("stat"));
        int behindName = stat.lastIndexOf(')');
        String name = stat.substring(stat.indexOf('(') + 1, behindName);
        String kind = name.replaceAll("quorate-[a-z]-", "").replaceAll("[\\d#]+", "");
        String[] fields = stat.substring(behindName + 2).split(" ");
        long[] used = ticks.computeIfAbsent(kind, key -> new long[2]);
        used[0] += Long.parseLong(fields[USER_TICKS]);
        used[1] += Long.parseLong(fields[KERNEL_TICKS]);
      }
    }
    return ticks;
  }

  /** Voluntary and other switches of all threads; 0 where the system does not tell. */
  private static long switches() throws IOException {
    Path tasks = Path.of("/proc/self/task");
    if (!Files.exists(tasks)) {
      return 0;
    }
    long total = 0;
    try (Stream<Path> all = Files.list(tasks)) {
      for (Path task : all.toList()) {
        for (String line : Files.readAllLines(task.resolve("status"))) {
          if (line.contains("voluntary_ctxt_switches:")) {
            total += Long.parseLong(line.substring(line.indexOf(':') + 1).trim());
          }
        }
      }
    }
    return total;
  }
}
