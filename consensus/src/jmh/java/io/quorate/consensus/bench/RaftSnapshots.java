package io.quorate.consensus.bench;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Shows what snapshots of a large state cost those who write meanwhile: {@code RaftSnapshots
 * DIRECTORY MIB}. Three nodes in this JVM hold MIB of values; then one client writes without
 * snapshots, while all three take one at the same time, and while a node whose directory was
 * deleted is given one. The last is compared with the same bytes through a bare socket into a file
 * that is synced at the end.
 */
public final class RaftSnapshots {
  private static final int VALUE_BYTES = 4 << 10;
  private static final int KEYS = 20_000;
  private static final int DEPTH = 16;
  private static final int PIECE_BYTES = 256 << 10;
  private static final double SECONDS = 10;

  private final Path directory;
  private final int values;
  private final List<NodeId> ids = List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));
  private final Map<NodeId, Environment> environments = new TreeMap<>();
  private final Map<NodeId, ConsistentStore<Long, byte[]>> stores = new TreeMap<>();
  private final SplittableRandom random = new SplittableRandom(1);
  private ConsistentStore<Long, byte[]> leader;

  private RaftSnapshots(Path directory, int mebibytes) {
    this.directory = directory;
    this.values = mebibytes * ((1 << 20) / VALUE_BYTES);
  }

  public static void main(String[] arguments) throws Exception {
    RaftSnapshots run =
        new RaftSnapshots(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    Disk.delete(run.directory);
    Files.createDirectories(run.directory);
    System.out.printf(
        "load %.1f  fsync p50 %.0f us%n", Load.loadAverage(), Disk.fsyncMicros(run.directory));
    run.open();
    run.fill();
    run.measure();
    run.environments.values().forEach(Environment::close);
    Disk.delete(run.directory);
    System.exit(0);
  }

  private void open() throws Exception {
    for (NodeId id : ids) {
      environments.put(id, environment(id));
    }
    Mesh.connect(environments.values());
    for (NodeId id : ids) {
      stores.put(id, store(id));
    }
    stores.get(ids.get(0)).put(0L, new byte[1]).get(30, TimeUnit.SECONDS);
    leader =
        stores.values().stream()
            .filter(store -> store.node().status().role() == Role.LEADER)
            .findFirst()
            .orElseThrow();
  }

  private Environment environment(NodeId id) {
    return Environment.real(
        EnvironmentOptions.of(id, "bench").withDataDirectory(directory.resolve(id.value())));
  }

  private ConsistentStore<Long, byte[]> store(NodeId id) {
    // Those that are measured are asked for.
    RaftOptions options = RaftOptions.defaults().withSnapshotLogBytes(1L << 40);
    return ConsistentStore.open(
        Raft.open(environments.get(id), options), "map", ids, Codec.LONG, Codec.BYTES);
  }

  private void fill() throws Exception {
    int[] next = new int[1];
    while (next[0] < values) {
      int end = Math.min(values, next[0] + values / 8 + 1);
      Load.runWhile(64, () -> next[0] < end, slot -> leader.put((long) next[0]++, value(VALUE_BYTES)));
      // So that the logs go.
      snapshots().get(5, TimeUnit.MINUTES);
    }
  }

  private void measure() throws Exception {
    print("no snapshot", Load.run(DEPTH, SECONDS, slot -> put()));
    long begin = System.nanoTime();
    CompletableFuture<Void> taken = snapshots();
    print("all take one", Load.runWhile(DEPTH, () -> !taken.isDone(), slot -> put()));
    taken.join();
    long bytes = snapshotBytes();
    print("which was three times", bytes, begin);

    NodeId lost = ids.stream().filter(id -> stores.get(id) != leader).findFirst().orElseThrow();
    environments.get(lost).close();
    Disk.delete(directory.resolve(lost.value()));
    environments.put(lost, environment(lost));
    Mesh.connect(environments.values());
    begin = System.nanoTime();
    ConsistentStore<Long, byte[]> fresh = store(lost);
    long goal = leader.node().status().commitIndex();
    print(
        "one is given it",
        Load.runWhile(
            DEPTH, () -> fresh.node().status().appliedIndex() < goal, slot -> put()));
    print("which was", bytes, begin);
    begin = System.nanoTime();
    copy(bytes);
    print("socket and file alone", bytes, begin);
  }

  private CompletableFuture<Void> snapshots() {
    return CompletableFuture.allOf(
        stores.values().stream()
            .map(store -> store.node().snapshot())
            .toArray(CompletableFuture[]::new));
  }

  private CompletableFuture<?> put() {
    // Behind the large values, which stay.
    return leader.put(values + random.nextLong(KEYS), value(100));
  }

  private byte[] value(int bytes) {
    byte[] value = new byte[bytes];
    random.nextBytes(value);
    return value;
  }

  private long snapshotBytes() throws IOException {
    try (var files = Files.walk(directory.resolve(ids.get(0).value()))) {
      return files
          .filter(path -> path.getFileName().toString().startsWith("snapshot-"))
          .mapToLong(path -> path.toFile().length())
          .max()
          .orElseThrow();
    }
  }

  private void copy(long bytes) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread sender =
          new Thread(
              () -> {
                try (Socket socket =
                        new Socket(server.getInetAddress(), server.getLocalPort());
                    OutputStream out = socket.getOutputStream()) {
                  byte[] piece = new byte[PIECE_BYTES];
                  for (long left = bytes; left > 0; left -= piece.length) {
                    out.write(piece, 0, (int) Math.min(left, piece.length));
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      sender.start();
      try (Socket socket = server.accept();
          InputStream in = socket.getInputStream();
          FileChannel file =
              FileChannel.open(
                  directory.resolve("copy"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE)) {
        byte[] piece = new byte[PIECE_BYTES];
        for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
          file.write(ByteBuffer.wrap(piece, 0, read));
        }
        file.force(true);
      }
    }
  }

  private static void print(String what, Load.Outcome outcome) {
    System.out.printf("%-22s %s%n", what, outcome);
  }

  private static void print(String what, long bytes, long sinceNanos) {
    double seconds = (System.nanoTime() - sinceNanos) / 1e9;
    System.out.printf(
        "%-22s %.0f MB in %.2f s, %.0f MB/s%n", what, bytes / 1e6, seconds, bytes / 1e6 / seconds);
  }
}
