package io.quorate.consensus.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Measures replicated puts and strong reads of this project and of its peers, interleaved in one
 * process: {@code RaftBench DIRECTORY SECONDS ROUNDS [PEER...]}. Prints machine load and the time
 * of an fsync beside each line.
 */
public final class RaftBench {
  private static final int KEYS = 20_000;
  private static final int[] DEPTHS = {1, 64, 256, 1024};

  private RaftBench() {}

  /** How a product is started. */
  interface Start {
    Peer start(Path directory) throws Exception;
  }

  record Entry(String name, Start start) {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    double seconds = Double.parseDouble(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    List<String> wanted = Arrays.asList(arguments).subList(3, arguments.length);
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry("quorate", at -> new QuoratePeer(at, true, 1)));
    entries.add(new Entry("quorate-2loops", at -> new QuoratePeer(at, true, 2)));
    entries.add(new Entry("quorate-memory", at -> new QuoratePeer(at, false, 1)));
    addPeers(entries);
    for (int round = 0; round < rounds; round++) {
      for (Entry entry : entries) {
        if (wanted.isEmpty() || wanted.contains(entry.name())) {
          measure(entry, directory.resolve(entry.name()), seconds);
        }
      }
    }
    System.exit(0);
  }

  /** Peers are on the class path only in the profile that brings them. */
  private static void addPeers(List<Entry> entries) throws ReflectiveOperationException {
    Class<?> peers;
    try {
      peers = Class.forName("io.quorate.consensus.bench.Peers");
    } catch (ClassNotFoundException e) {
      return;
    }
    peers.getDeclaredMethod("addTo", List.class).invoke(null, entries);
  }

  private static void measure(Entry entry, Path directory, double seconds) throws Exception {
    delete(directory);
    Files.createDirectories(directory);
    System.out.printf(
        "%s  load %.1f  fsync p50 %.0f us%n",
        entry.name(), Load.loadAverage(), fsyncMicros(directory));
    try (Peer peer = entry.start().start(directory)) {
      byte[][] keys = new byte[KEYS][];
      SplittableRandom random = new SplittableRandom(1);
      for (int i = 0; i < KEYS; i++) {
        keys[i] = new byte[16];
        random.nextBytes(keys[i]);
      }
      byte[] value = new byte[100];
      byte[] kilobyte = new byte[1024];
      random.nextBytes(value);
      random.nextBytes(kilobyte);
      int[] next = new int[1];
      Load.run(256, seconds, slot -> peer.put(keys[next[0]++ % KEYS], value));
      for (int depth : DEPTHS) {
        print("put 100 B", depth,
            Load.run(depth, seconds, slot -> peer.put(keys[next[0]++ % KEYS], value)));
      }
      for (int depth : new int[] {64, 256, 1024}) {
        print("put 1 KiB", depth,
            Load.run(depth, seconds, slot -> peer.put(keys[next[0]++ % KEYS], kilobyte)));
      }
      reads("read", new int[] {1, 64, 256}, seconds,
          slot -> peer.read(keys[next[0]++ % KEYS]));
      reads("lease read", new int[] {1, 256}, seconds,
          slot -> peer.leaseRead(keys[next[0]++ % KEYS]));
    }
    delete(directory);
  }

  private static void reads(
      String what, int[] depths, double seconds, Load.Operation operation)
      throws InterruptedException {
    for (int depth : depths) {
      try {
        print(what, depth, Load.run(depth, seconds, operation));
      } catch (UnsupportedOperationException e) {
        System.out.printf("  %-10s not offered: %s%n", what, e.getMessage());
        return;
      }
    }
  }

  private static void print(String what, int depth, Load.Outcome outcome) {
    System.out.printf("  %-10s depth %4d  %s%n", what, depth, outcome);
  }

  /** The median time of writing 4 KiB and having it on disk. */
  static double fsyncMicros(Path directory) throws IOException {
    Path file = directory.resolve("probe");
    long[] nanos = new long[100];
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1 << 20));
      channel.force(true);
      for (int i = 0; i < nanos.length; i++) {
        long begin = System.nanoTime();
        channel.write(ByteBuffer.allocate(4096), i * 4096L);
        channel.force(false);
        nanos[i] = System.nanoTime() - begin;
      }
    }
    Files.delete(file);
    Arrays.sort(nanos);
    return nanos[nanos.length / 2] / 1e3;
  }

  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
