package io.quorate.core.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.storage.StorageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real files, real threads and a second process (item 36 of the consensus list). */
class WalProcessTest {
  @TempDir Path directory;

  @Test
  void a_process_killed_at_any_time_has_lost_nothing_that_it_had_acknowledged() throws Exception {
    long acknowledged = 0;
    for (int round = 0; round < 3; round++) {
      Process process = start();
      try (BufferedReader lines = output(process)) {
        assertThat(lines.readLine()).isEqualTo("open");
        for (int i = 0; i < 400 + 250 * round; i++) {
          acknowledged = Math.max(acknowledged, Long.parseLong(lines.readLine()));
        }
        // By its handle: the process itself would close what it had printed.
        process.toHandle().destroyForcibly();
        // What had been printed before the end counts as well, but for a line cut in two.
        List<String> rest = lines.lines().toList();
        for (String line : rest.subList(0, Math.max(0, rest.size() - 1))) {
          acknowledged = Math.max(acknowledged, Long.parseLong(line));
        }
      }

      try (RealWal real = new RealWal(directory, RealWal.OPTIONS)) {
        LogicalLog log = real.wal.log(1);
        assertThat(log.nextIndex()).isGreaterThan(acknowledged);
        List<byte[]> entries = onLoop(real, log);
        for (int i = 0; i < entries.size(); i++) {
          assertThat(WalHarness.text(entries.get(i))).isEqualTo("entry " + (i + 1));
        }
        assertThat(entries).hasSize((int) log.nextIndex() - 1);
      }
    }
    assertThat(acknowledged).isGreaterThan(1_500);
  }

  @Test
  void a_second_process_is_refused_and_told_who_holds_the_directory() throws Exception {
    Process process = start();
    try (BufferedReader lines = output(process)) {
      assertThat(lines.readLine()).isEqualTo("open");

      assertThatThrownBy(() -> new RealWal(directory, RealWal.OPTIONS))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("lock")
          .hasMessageContaining("process " + process.pid());
      assertThat(lines.readLine()).as("the first process goes on").matches("[0-9]+");
    } finally {
      process.destroyForcibly().waitFor();
    }
    new RealWal(directory, RealWal.OPTIONS).close();
  }

  @Test
  void another_nodes_directory_is_refused() {
    new RealWal(directory, RealWal.OPTIONS).close();
    WalOptions other = new WalOptions("cluster/n2", 64 << 10, 4096, 1 << 20, 0);

    assertThatThrownBy(() -> new RealWal(directory, other))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("cluster/n1");
  }

  @Test
  void segments_are_allocated_in_full_and_deleted_when_they_are_dead() throws IOException {
    try (RealWal real = new RealWal(directory, RealWal.OPTIONS)) {
      LogicalLog log = real.wal.log(1);
      for (int i = 0; i < 100; i++) {
        CompletableFuture<Void> durable =
            real.onLoop(
                () -> {
                  log.append(new byte[4000]);
                  return log.durable(log.dropPrefix(log.nextIndex()));
                });
        durable.join();
      }
    }
    try (Stream<Path> files = Files.list(directory.resolve("wal"))) {
      List<Path> segments = files.filter(file -> file.toString().endsWith(".wal")).toList();
      assertThat(segments).hasSizeBetween(2, 5);
      for (Path segment : segments) {
        assertThat(Files.size(segment)).isEqualTo(64 << 10);
      }
    }
  }

  private static List<byte[]> onLoop(RealWal real, LogicalLog log) {
    return real.onLoop(() -> log.read(1, Long.MAX_VALUE)).join();
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            RealWal.class.getName(),
            directory.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
  }
}
