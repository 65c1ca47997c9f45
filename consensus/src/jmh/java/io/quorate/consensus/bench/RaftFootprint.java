package io.quorate.consensus.bench;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.RaftStatus;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Shows what groups cost that have nothing to do: {@code RaftFootprint DIRECTORY GROUPS}. Three
 * nodes in this JVM; prints threads by name, heap per group and node, CPU and frames a second
 * while all rest, and the syncs per put with one group and with all of them.
 */
public final class RaftFootprint {
  private static final int PUTS = 2_000;
  /** How often one group and all of them are compared, in turns. */
  private static final int PAIRS = 7;

  private RaftFootprint() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    int groups = Integer.parseInt(arguments[1]);
    List<NodeId> ids = List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));
    List<Environment> environments = new ArrayList<>();
    for (NodeId id : ids) {
      environments.add(
          Environment.real(
              EnvironmentOptions.of(id, "footprint")
                  .withDataDirectory(directory.resolve(id.value()))));
    }
    Mesh.connect(environments);
    List<Raft> rafts = new ArrayList<>();
    for (Environment environment : environments) {
      rafts.add(Raft.open(environment, RaftOptions.defaults()));
    }
    long empty = heapBytes();
    List<List<ConsistentStore<byte[], byte[]>>> stores = new ArrayList<>();
    long begin = System.nanoTime();
    for (int group = 0; group < groups; group++) {
      List<ConsistentStore<byte[], byte[]>> replicas = new ArrayList<>();
      for (Raft raft : rafts) {
        replicas.add(ConsistentStore.open(raft, "g" + group, ids, Codec.BYTES, Codec.BYTES));
      }
      stores.add(replicas);
    }
    for (List<ConsistentStore<byte[], byte[]>> replicas : stores) {
      while (replicas.stream().noneMatch(RaftFootprint::leads)) {
        Thread.sleep(20);
      }
    }
    System.out.printf(
        "%d groups of three, all with leaders after %.1f s%n",
        groups, (System.nanoTime() - begin) / 1e9);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (value(environments, "raft_resting_groups") < 3L * groups
        && System.nanoTime() < deadline) {
      Thread.sleep(100);
    }
    System.out.printf(
        "at rest: %d of %d replicas%n", value(environments, "raft_resting_groups"), 3 * groups);
    System.out.printf("heap per replica: %d bytes%n", (heapBytes() - empty) / (3L * groups));
    Thread.sleep(7_000);
    System.out.println("threads: " + threads());
    long cpu = cpuNanos();
    long frames = value(environments, "transport_frames_received_total");
    Thread.sleep(5_000);
    System.out.printf(
        "at rest, all three nodes: %.2f %% of one core, %.0f frames a second%n",
        (cpuNanos() - cpu) / 5e7,
        (value(environments, "transport_frames_received_total") - frames) / 5.0);
    List<ConsistentStore<byte[], byte[]>> one = List.of(leader(stores.get(0)));
    List<ConsistentStore<byte[], byte[]>> all = new ArrayList<>();
    for (int i = 0; i < Math.min(100, groups); i++) {
      all.add(leader(stores.get(i)));
    }
    puts(environments, one);
    puts(environments, all);
    for (int pair = 0; pair < PAIRS; pair++) {
      Syncs single = puts(environments, one);
      Syncs many = puts(environments, all);
      System.out.printf(
          "load %.1f  syncs, 100 puts in flight: with 1 group %.3f a put, %.0f a second; with %d "
              + "groups %.3f a put, %.0f a second; %.2f times a put%n",
          Load.loadAverage(), single.perPut, single.perSecond, all.size(), many.perPut,
          many.perSecond, many.perPut / single.perPut);
    }
    System.exit(0);
  }

  private record Syncs(double perPut, double perSecond) {}

  /** Puts, 100 in flight, to the stores in turn. */
  private static Syncs puts(
      List<Environment> environments, List<ConsistentStore<byte[], byte[]>> stores)
      throws Exception {
    long before = syncs(environments);
    long begin = System.nanoTime();
    for (int round = 0; round < PUTS / 100; round++) {
      List<CompletableFuture<Long>> futures = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        futures.add(stores.get(i % stores.size()).put(new byte[] {(byte) i}, new byte[100]));
      }
      for (CompletableFuture<Long> future : futures) {
        future.get(10, TimeUnit.SECONDS);
      }
    }
    long count = syncs(environments) - before;
    return new Syncs((double) count / PUTS, count * 1e9 / (System.nanoTime() - begin));
  }

  private static boolean leads(ConsistentStore<byte[], byte[]> store) {
    RaftNode<?, ?, ?> node = store.node();
    RaftStatus status = node.status();
    return status.role() == Role.LEADER;
  }

  private static ConsistentStore<byte[], byte[]> leader(
      List<ConsistentStore<byte[], byte[]>> replicas) {
    return replicas.stream().filter(RaftFootprint::leads).findFirst().orElseThrow();
  }

  private static TreeMap<String, Long> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("quorate-"))
        .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
  }

  private static long value(List<Environment> environments, String name) {
    return environments.stream()
        .mapToLong(each -> ((MetricsRegistry) each.metrics()).value(name))
        .sum();
  }

  private static long syncs(List<Environment> environments) {
    return environments.stream()
        .flatMap(each -> ((MetricsRegistry) each.metrics()).readings().stream())
        .mapToLong(
            reading ->
                reading instanceof MetricsRegistry.Distribution d
                        && d.name().equals("wal_sync_nanos")
                    ? d.values().count()
                    : 0)
        .sum();
  }

  private static long heapBytes() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
