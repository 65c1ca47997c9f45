package io.quorate.replication.peers;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.replication.processes.StoreProcess;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * How long a client waits, at the longest, when one of three member processes is killed or frozen:
 * 16 operations in flight over 1,000 keys, half of them reads, from the first member. With the
 * argument {@code hazelcast} the same of its IMap with two synchronous backups.
 */
public final class ReplicaLoss {
  private static final int KEYS = 1_000;
  private static final int IN_FLIGHT = 16;
  private static final long QUIET_MILLIS = 3_000;
  private static final long FAULT_MILLIS = 15_000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Logger ROOT = Logger.getLogger("");

  private final List<Process> processes = new ArrayList<>();
  private final LongAdder done = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final AtomicLong longestNanos = new AtomicLong();
  private volatile boolean stopped;

  private ReplicaLoss() {}

  /** Runs one product; {@code member} is how it starts Hazelcast's other processes. */
  public static void main(String[] arguments) throws Exception {
    ROOT.setLevel(Level.OFF);
    String what = arguments.length == 0 ? "quorate" : arguments[0];
    if (what.equals("member")) {
      HazelcastMap.member();
      System.out.println("ready");
      Thread.currentThread().join();
    }
    ReplicaLoss run = new ReplicaLoss();
    Path directory = Files.createTempDirectory("quorate-loss");
    try {
      run.measure(what, what.equals("hazelcast") ? run.hazelcast() : run.quorate(directory));
    } finally {
      for (Process process : run.processes) {
        process.destroyForcibly().waitFor();
      }
      Directories.delete(directory);
    }
    System.exit(0);
  }

  private IntFunction<CompletionStage<?>> quorate(Path directory) throws Exception {
    SortedMap<NodeId, Address> members = new TreeMap<>();
    StringBuilder list = new StringBuilder();
    for (int i = 1; i <= 3; i++) {
      Address address = new Address("127.0.0.1", freePort());
      members.put(NodeId.of("n" + i), address);
      list.append(i == 1 ? "" : ",").append("n").append(i).append("=").append(address);
    }
    for (String id : List.of("n2", "n3")) {
      start(StoreProcess.class, id, directory.resolve(id).toString(), list.toString());
    }
    QuorumStore<String, String> store =
        StoreProcess.open(NodeId.of("n1"), directory.resolve("n1"), members);
    while (!store.status().get().caughtUp()) {
      Thread.sleep(20);
    }
    ReadOptions reads = ReadOptions.at(Consistency.LINEARIZABLE).withTimeout(PATIENCE);
    WriteOptions writes = WriteOptions.at(Consistency.LINEARIZABLE).withTimeout(PATIENCE);
    return i -> {
      String key = "key-" + i / 2 % KEYS;
      return i % 2 == 0 ? store.get(key, reads) : store.put(key, "value-" + i, writes);
    };
  }

  private IntFunction<CompletionStage<?>> hazelcast() throws Exception {
    HazelcastInstance first = HazelcastMap.member();
    start(ReplicaLoss.class, "member");
    start(ReplicaLoss.class, "member");
    IMap<String, byte[]> map = HazelcastMap.mapOf(first);
    byte[] value = new byte[10];
    return i -> {
      String key = "key-" + i / 2 % KEYS;
      return i % 2 == 0 ? map.getAsync(key) : map.setAsync(key, value);
    };
  }

  private void measure(String what, IntFunction<CompletionStage<?>> operations) throws Exception {
    Thread load = new Thread(() -> load(operations), "load");
    load.start();
    window(what, "warming up", QUIET_MILLIS);
    window(what, "undisturbed", QUIET_MILLIS);
    Process last = processes.get(1);
    signal(last, "STOP");
    window(what, "a member frozen", FAULT_MILLIS);
    signal(last, "CONT");
    window(what, "it goes on", QUIET_MILLIS);
    last.destroyForcibly();
    window(what, "it is killed", FAULT_MILLIS);
    stopped = true;
    load.join();
  }

  private void window(String what, String during, long millis) throws InterruptedException {
    done.reset();
    failed.reset();
    longestNanos.set(0);
    Thread.sleep(millis);
    System.out.printf(
        Locale.ROOT,
        "%-10s %-16s %6d operations/s, longest wait %,8.1f ms, failed %d (load average %.1f)%n",
        what,
        during,
        done.sum() * 1000 / millis,
        longestNanos.get() / 1e6,
        failed.sum(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private void load(IntFunction<CompletionStage<?>> operations) {
    Semaphore room = new Semaphore(IN_FLIGHT);
    for (int i = 0; !stopped; i++) {
      room.acquireUninterruptibly();
      long begin = System.nanoTime();
      operations
          .apply(i)
          .whenComplete(
              (result, failure) -> {
                longestNanos.accumulateAndGet(System.nanoTime() - begin, Math::max);
                (failure == null ? done : failed).increment();
                room.release();
              });
    }
  }

  private void start(Class<?> main, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2",
                "-Dhazelcast.logging.type=none",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    processes.add(process);
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); !"ready".equals(line); line = out.readLine()) {
      if (line == null) {
        throw new IOException("a member did not start");
      }
    }
  }

  private static void signal(Process process, String signal) throws Exception {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
