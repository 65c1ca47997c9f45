package io.quorate.examples.platform;

import io.quorate.core.storage.CorruptionException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A byte of a store node's data file changes while the node is down. The node refuses to start and
 * says where the damage is; with an empty disk it starts, and the fault is overcome when it has got
 * everything back from its peers.
 */
final class FileCorrupted implements Fault {
  private static final String LOGS = "features/cells";

  private final StoreNode node;
  private final Random random;

  FileCorrupted(StoreNode node, Random random) {
    this.node = node;
    this.random = random;
  }

  @Override
  public String name() {
    return "data file corrupted";
  }

  @Override
  public Duration limit() {
    return Duration.ofSeconds(10);
  }

  @Override
  public String strike() throws Exception {
    node.kill();
    Path file = largest(node.directory().resolve(LOGS));
    flip(file, random);
    String refusal;
    try {
      node.start();
      throw new IllegalStateException(node.id() + " has not noticed the damage of " + file);
    } catch (CorruptionException e) {
      refusal = e.getMessage();
    }
    node.wipe();
    node.start();
    return "store node " + node.id() + " refuses to start: " + refusal
        + "; it starts anew on an empty disk";
  }

  /** A file among the node's logs. */
  private static Path largest(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      List<Path> bySize =
          files.filter(Files::isRegularFile)
              .sorted((a, b) -> Long.compare(size(b), size(a)))
              .toList();
      return bySize.get(0);
    }
  }

  private static long size(Path file) {
    return file.toFile().length();
  }

  /** Changes one bit of what was acknowledged long ago: in the second quarter of the log. */
  private static void flip(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int written = bytes.length;
    while (written > 0 && bytes[written - 1] == 0) {
      written--;
    }
    int at = written / 4 + random.nextInt(Math.max(1, written / 4));
    while (at < written && bytes[at] == 0) {
      at++;
    }
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      open.write(bytes[at] ^ 0x10);
    }
  }

  @Override
  public boolean isOvercome() throws Exception {
    return node.store().status().get(5, TimeUnit.SECONDS).caughtUp();
  }

  @Override
  public String mend() {
    return node.id() + " has all its data back from its peers";
  }
}
