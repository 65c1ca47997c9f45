package io.quorate.consensus.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;

/** The disk that a benchmark runs on. */
final class Disk {
  private Disk() {}

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
