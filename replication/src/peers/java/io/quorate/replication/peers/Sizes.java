package io.quorate.replication.peers;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.checkpoint.SaveProgress;
import io.quorate.replication.checkpoint.ShardSource;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.LocalOptions;
import io.quorate.replication.local.LocalStore;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * How long it takes to open a store of a million keys, with and without its index snapshot, and to
 * save 256 MB of checkpoint in 8 shards, beside raw sequential writing and forcing of as much.
 */
public final class Sizes {
  private static final int KEYS = Integer.getInteger("keys", 1_000_000);
  private static final int VALUE_BYTES = 170;
  private static final int SHARDS = 8;
  private static final int SHARD_BYTES = 32 << 20;

  private Sizes() {}

  /** Runs it all; needs about 1.5 GB of disk. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("quorate-sizes");
    try (Environment environment =
        Environment.real(
            EnvironmentOptions.of(NodeId.of("n1"), "sizes").withDataDirectory(directory))) {
      System.out.printf(
          Locale.ROOT,
          "load average %.1f%n",
          ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
      reopen(environment, directory);
      checkpoint(environment, directory);
    } finally {
      Directories.delete(directory);
    }
    System.exit(0);
  }

  private static void reopen(Environment environment, Path directory) throws Exception {
    EventLoop loop = environment.eventLoop("sizes");
    LocalOptions options = LocalOptions.in("cells");
    LocalStore store = LocalStore.open(environment, loop, options).get();
    for (int from = 0; from < KEYS; from += 10_000) {
      int at = from;
      CompletableFuture<Void> durable = new CompletableFuture<>();
      loop.execute(
          () -> {
            long sequence = 0;
            for (int i = at; i < at + 10_000; i++) {
              byte[] key = ByteBuffer.allocate(16).putLong(i).putLong(~i).array();
              Tag tag = new Tag(i + 1L, environment.self(), 1);
              sequence = store.put(new Key(key), Cell.value(tag, 0, new byte[VALUE_BYTES]));
            }
            store.whenDurable(sequence, () -> durable.complete(null));
          });
      durable.get();
    }
    long bytes = store.logBytes();
    close(loop, store);
    for (int round = 0; round < 3; round++) {
      System.out.printf(
          Locale.ROOT, "open %d keys, %d MB, after a clean end: %.2f s%n",
          KEYS, bytes >> 20, open(environment, loop, options));
      Files.delete(directory.resolve("cells/index"));
      System.out.printf(
          Locale.ROOT, "open %d keys, %d MB, by reading all of the log: %.2f s%n",
          KEYS, bytes >> 20, open(environment, loop, options));
    }
  }

  private static double open(Environment environment, EventLoop loop, LocalOptions options)
      throws Exception {
    long begin = System.nanoTime();
    LocalStore store = LocalStore.open(environment, loop, options).get();
    double seconds = (System.nanoTime() - begin) / 1e9;
    close(loop, store);
    return seconds;
  }

  private static void close(EventLoop loop, LocalStore store) throws Exception {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    loop.execute(() -> store.shutdown().whenComplete((done, e) -> closed.complete(null)));
    closed.get();
  }

  private static void checkpoint(Environment environment, Path directory) throws Exception {
    byte[] shard = new byte[SHARD_BYTES];
    new java.util.Random(1).nextBytes(shard);
    Map<String, ShardSource> shards = new TreeMap<>();
    for (int i = 0; i < SHARDS; i++) {
      shards.put("shard-" + i, ShardSource.of(shard));
    }
    CheckpointStore store = CheckpointStore.open(environment, CheckpointOptions.in("checkpoints"));
    for (int round = 0; round < 3; round++) {
      long begin = System.nanoTime();
      try (FileChannel raw =
          FileChannel.open(
              directory.resolve("raw-" + round),
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE)) {
        for (int i = 0; i < SHARDS; i++) {
          for (ByteBuffer rest = ByteBuffer.wrap(shard); rest.hasRemaining(); ) {
            rest.limit(Math.min(SHARD_BYTES, rest.position() + (1 << 18)));
            raw.write(rest);
            rest.limit(SHARD_BYTES);
          }
        }
        raw.force(true);
      }
      double rawSeconds = (System.nanoTime() - begin) / 1e9;
      Files.delete(directory.resolve("raw-" + round));
      begin = System.nanoTime();
      store.save(round, Map.of(), shards, SaveProgress.NONE).get();
      double seconds = (System.nanoTime() - begin) / 1e9;
      store.collect().get();
      System.out.printf(
          Locale.ROOT,
          "checkpoint of %d MB in %d shards: %.2f s, raw %.2f s, %.2fx of raw bandwidth%n",
          (long) SHARDS * SHARD_BYTES >> 20, SHARDS, seconds, rawSeconds, rawSeconds / seconds);
    }
    store.close();
  }
}
