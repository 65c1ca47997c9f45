package io.quorate.consensus.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * The process of one product in {@link RaftBench}: {@code RaftTurn PRODUCT DIRECTORY SECONDS}. For
 * each line that it reads it starts the product, measures it, closes it and prints {@link #OVER}.
 */
final class RaftTurn {
  static final String OVER = "-- over";
  private static final int KEYS = 20_000;

  private final Peer peer;
  private final double seconds;
  private final byte[][] keys = new byte[KEYS][16];
  private int next;

  private RaftTurn(Peer peer, double seconds, SplittableRandom random) {
    this.peer = peer;
    this.seconds = seconds;
    for (byte[] key : keys) {
      random.nextBytes(key);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Products.Start product = Products.all().get(arguments[0]);
    Path directory = Path.of(arguments[1]);
    BufferedReader turns =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (turns.readLine() != null) {
      Disk.delete(directory);
      Files.createDirectories(directory);
      System.out.printf(
          "%s  load %.1f  fsync p50 %.0f us%n",
          arguments[0], Load.loadAverage(), Disk.fsyncMicros(directory));
      try (Peer peer = product.start(directory)) {
        new RaftTurn(peer, Double.parseDouble(arguments[2]), new SplittableRandom(1)).measure();
      }
      Disk.delete(directory);
      System.out.println(OVER);
    }
    System.exit(0);
  }

  private void measure() throws InterruptedException {
    SplittableRandom random = new SplittableRandom(2);
    byte[] value = new byte[100];
    byte[] kilobyte = new byte[1024];
    random.nextBytes(value);
    random.nextBytes(kilobyte);
    // Every key is there, and reads are of what the last puts left.
    Load.run(256, seconds, slot -> peer.put(key(), value));
    run("put 100 B", slot -> peer.put(key(), value), 1, 64, 256, 1024);
    run("put 1 KiB", slot -> peer.put(key(), kilobyte), 64, 256, 1024);
    run("read", slot -> peer.read(key()), 1, 64, 256);
    run("lease read", slot -> peer.leaseRead(key()), 1, 256);
  }

  private byte[] key() {
    return keys[next++ % KEYS];
  }

  private void run(String what, Load.Operation operation, int... depths)
      throws InterruptedException {
    for (int depth : depths) {
      try {
        System.out.printf(
            "  %-10s depth %4d  %s%n", what, depth, Load.run(depth, seconds, operation));
      } catch (UnsupportedOperationException e) {
        System.out.printf("  %-10s not offered: %s%n", what, e.getMessage());
        return;
      }
    }
  }
}
