package io.quorate.replication.peers;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;

/**
 * How long a replica that missed a hundred writes needs to be like the others again among a million
 * keys, and how many bytes that takes. No hints: comparison alone must find them.
 */
public final class AntiEntropy {
  private static final int KEYS = Integer.getInteger("keys", 1_000_000);
  private static final int DIFFERENCES = Integer.getInteger("differences", 100);
  private static final int ROUNDS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final List<MetricsRegistry> metrics = new ArrayList<>();
  private final List<Environment> environments = new ArrayList<>();
  private final List<QuorumStore<String, byte[]>> stores = new ArrayList<>();

  private AntiEntropy(Path directory) {
    List<NodeId> ids = List.of(NodeId.of("n1"), NodeId.of("n2"), NodeId.of("n3"));
    for (NodeId id : ids) {
      MetricsRegistry registry = new MetricsRegistry();
      metrics.add(registry);
      environments.add(
          Environment.real(
              EnvironmentOptions.of(id, "anti-entropy")
                  .withDataDirectory(directory.resolve(id.value()))
                  .withMetrics(registry)));
    }
    for (int i = 0; i < ids.size(); i++) {
      connect(i);
    }
    // Comparison begins when this program says so.
    QuorumOptions options =
        QuorumOptions.in("quorum")
            .withRepairInterval(Duration.ofHours(1))
            .withLimits(new QuorumOptions.Limits(1 << 16, 1 << 20, 0));
    environments.stream()
        .map(
            environment ->
                QuorumStore.open(
                    environment, Placement.everywhere(1, ids), Codec.STRING, Codec.BYTES, options))
        .toList()
        .forEach(opened -> stores.add(opened.join()));
    // A replica answers once it has compared itself with its peers.
    stores.forEach(store -> store.repair().join());
  }

  /** Fills three replicas, then lets the third miss writes and compares. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("quorate-anti-entropy");
    AntiEntropy cluster = new AntiEntropy(directory);
    try {
      cluster.write(0, KEYS, 100, Consistency.ALL);
      for (int round = 0; round < ROUNDS; round++) {
        cluster.measure(round);
      }
    } finally {
      cluster.stores.forEach(store -> store.shutdown().join());
      cluster.environments.forEach(Environment::close);
      Directories.delete(directory);
    }
    System.exit(0);
  }

  private void measure(int round) throws InterruptedException {
    cut(2);
    write(round * DIFFERENCES, DIFFERENCES, 101 + round, Consistency.QUORUM);
    connect(2);
    long bytesBefore = bytes();
    long begin = System.nanoTime();
    int exchanged = stores.get(2).repair().join();
    double seconds = (System.nanoTime() - begin) / 1e9;
    long bytes = bytes() - bytesBefore;
    for (int i = 0; i < DIFFERENCES; i++) {
      int length =
          stores
              .get(2)
              .get(key(round * DIFFERENCES + i), ReadOptions.at(Consistency.ONE))
              .join()
              .value()
              .orElseThrow()
              .length;
      if (length != 101 + round) {
        throw new IllegalStateException("still old: key " + (round * DIFFERENCES + i));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%,d keys, %d differences: %d cells in %.3f s, %,d bytes (load average %.1f)%n",
        KEYS,
        DIFFERENCES,
        exchanged,
        seconds,
        bytes,
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private long bytes() {
    return metrics.get(2).value("repair_bytes_total", "service", "quorum-repair");
  }

  private void write(int from, int count, int valueBytes, Consistency level)
      throws InterruptedException {
    Semaphore room = new Semaphore(256);
    List<Throwable> failures = new ArrayList<>();
    for (int i = from; i < from + count; i++) {
      room.acquire();
      stores
          .get(i % 2)
          .put(key(i), new byte[valueBytes], WriteOptions.at(level).withTimeout(PATIENCE))
          .whenComplete(
              (tag, failure) -> {
                if (failure != null) {
                  synchronized (failures) {
                    failures.add(failure);
                  }
                }
                room.release();
              });
    }
    room.acquire(256);
    if (!failures.isEmpty()) {
      throw new IllegalStateException(failures.size() + " writes failed", failures.get(0));
    }
  }

  private static String key(int number) {
    return "key-" + number;
  }

  private void connect(int node) {
    for (Environment other : environments) {
      Environment one = environments.get(node);
      if (one != other) {
        one.transport().setPeer(other.self(), other.transport().address());
        other.transport().setPeer(one.self(), one.transport().address());
      }
    }
  }

  private void cut(int node) {
    for (Environment other : environments) {
      if (other != environments.get(node)) {
        other.transport().removePeer(environments.get(node).self());
        environments.get(node).transport().removePeer(other.self());
      }
    }
  }
}
