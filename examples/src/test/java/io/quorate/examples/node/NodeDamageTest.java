package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the node program ends when what it is told, or what is on its disk, is not right. */
class NodeDamageTest {
  @TempDir private Path directory;

  private NodeCluster cluster;

  @BeforeEach
  void begin() throws IOException {
    cluster = new NodeCluster(directory, 1);
  }

  @AfterEach
  void stop() throws IOException {
    cluster.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"raft/log", "quorum", "eventual"})
  void damage_behind_acknowledged_writes_is_exit_code_3_with_file_and_offset(String part)
      throws Exception {
    cluster.startAll();
    for (int i = 0; i < 100; i++) {
      for (String store : NodeCluster.STORES) {
        assertThat(cluster.send(1, "PUT", "/" + store + "/k" + i, "value " + i).statusCode())
            .isEqualTo(204);
      }
    }
    cluster.kill(1);
    Path damaged = flip(cluster.data(1).resolve(part), "value 50");

    cluster.start(1);

    assertThat(cluster.process(1).waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(cluster.process(1).exitValue()).isEqualTo(3);
    assertThat(cluster.errors("n1"))
        .singleElement()
        .asString()
        .contains(cluster.data(1).relativize(damaged).toString())
        .matches(".* offset \\d+.*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"raft/log", "quorum", "eventual"})
  void a_torn_end_is_cut_off_and_the_node_goes_on(String part) throws Exception {
    cluster.startAll();
    for (int i = 0; i < 20; i++) {
      for (String store : NodeCluster.STORES) {
        assertThat(cluster.send(1, "PUT", "/" + store + "/k" + i, "value " + i).statusCode())
            .isEqualTo(204);
      }
    }
    cluster.kill(1);
    tear(cluster.data(1).resolve(part), "value 19");

    cluster.startAll();

    for (int i = 0; i < 19; i++) {
      for (String store : NodeCluster.STORES) {
        assertThat(cluster.awaitStatus(1, "GET", "/" + store + "/k" + i, "", 200).body())
            .isEqualTo("value " + i);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "n9, n9=127.0.0.1:1",
    "n1, 'n1=127.0.0.1:1,n8=127.0.0.1:2,n9=127.0.0.1:3'"
  })
  void the_directory_of_another_node_or_cluster_is_exit_code_3(String id, String members)
      throws Exception {
    cluster.startAll();
    cluster.awaitStatus(1, "PUT", "/strong/k", "v", 204);
    cluster.kill(1);

    Process other =
        cluster.launch("other", "--id", id, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
            "--dir", cluster.data(1).toString(), "--cluster", members);

    assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(other.exitValue()).isEqualTo(3);
    assertThat(cluster.errors("other"))
        .singleElement()
        .asString()
        .contains("n1")
        .matches(".* offset \\d+.*");
    // And nothing has been harmed.
    cluster.startAll();
    assertThat(cluster.awaitStatus(1, "GET", "/strong/k", "", 200).body()).isEqualTo("v");
  }

  @Test
  void a_directory_in_use_is_refused_and_its_user_goes_on() throws Exception {
    cluster.startAll();

    Process second =
        cluster.launch("second", "--id", "n1", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
            "--dir", cluster.data(1).toString(), "--cluster", cluster.members(1));

    assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isIn(2, 3);
    assertThat(cluster.errors("second")).hasSize(1);
    assertThat(cluster.send(1, "PUT", "/strong/k", "v").statusCode()).isEqualTo(204);
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "--id n1",
    "--id n1 --listen nonsense --http 127.0.0.1:0 --dir D --cluster n1=127.0.0.1:1",
    "--id n1 --listen 127.0.0.1:99999 --http 127.0.0.1:0 --dir D --cluster n1=127.0.0.1:1",
    "--id n1 --listen 127.0.0.1:0 --http x --dir D --cluster n1=127.0.0.1:1",
    "--id n2 --listen 127.0.0.1:0 --http 127.0.0.1:0 --dir D --cluster n1=127.0.0.1:1",
    "-- --cluster n1",
    "-- --cluster n1=127.0.0.1:1,",
    "-- --cluster n1=127.0.0.1:1,n1=127.0.0.1:2",
    "-- --cluster n1=127.0.0.1:1,n2=127.0.0.1:1",
    "--id bad/id --listen 127.0.0.1:0 --http 127.0.0.1:0 --dir D --cluster bad/id=127.0.0.1:1",
    "--id n1 --listen 127.0.0.1:0 --http 127.0.0.1:0 --dir /proc/no --cluster n1=127.0.0.1:1",
    "--id n1 --listen 127.0.0.1:0 --http 192.0.2.1:80 --dir D --cluster n1=127.0.0.1:1",
    "--id n1 --listen 192.0.2.1:80 --http 127.0.0.1:0 --dir D --cluster n1=127.0.0.1:1",
    "-- --cluster n1=127.0.0.1:1 --bogus"
  })
  void bad_arguments_are_exit_code_2_and_one_line(String arguments) throws Exception {
    String whole =
        arguments
            .replace("-- ", "--id n1 --listen 127.0.0.1:0 --http 127.0.0.1:0 --dir D ")
            .replace("--dir D", "--dir " + directory.resolve("d"));
    String[] each = whole.split(" ");

    Process process = cluster.launch("bad", each);

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(cluster.errors("bad")).hasSize(1);
  }

  @Test
  void an_address_in_use_is_exit_code_2_and_one_line() throws Exception {
    cluster.startAll();
    for (String[] addresses : new String[][] {
      {"127.0.0.1:0", "127.0.0.1:" + cluster.httpPort(1)},
      {"127.0.0.1:" + cluster.peerPort(1), "127.0.0.1:0"}
    }) {
      Process second =
          cluster.launch("second", "--id", "n2", "--listen", addresses[0], "--http", addresses[1],
              "--dir", directory.resolve("d").toString(), "--cluster", "n2=127.0.0.1:1");
      assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(second.exitValue()).isEqualTo(2);
      assertThat(cluster.errors("second")).hasSize(1);
    }
  }

  /**
   * Flips a bit of the first place below {@code part} that holds {@code text}; returns its file.
   */
  private static Path flip(Path part, String text) throws IOException {
    Place place = find(part, text);
    try (RandomAccessFile file = new RandomAccessFile(place.file().toFile(), "rw")) {
      file.seek(place.offset());
      int old = file.read();
      file.seek(place.offset());
      file.write(old ^ 1);
    }
    return place.file();
  }

  /** As a crash would have it: nothing was written from the middle of {@code text} on. */
  private static void tear(Path part, String text) throws IOException {
    Place place = find(part, text);
    try (RandomAccessFile file = new RandomAccessFile(place.file().toFile(), "rw")) {
      long length = file.length();
      file.setLength(place.offset() + 3);
      file.setLength(length);
    }
  }

  private record Place(Path file, long offset) {}

  private static Place find(Path part, String text) throws IOException {
    try (Stream<Path> files = Files.walk(part)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        if (content.contains(text)) {
          return new Place(file, content.indexOf(text));
        }
      }
    }
    throw new AssertionError("no " + text + " below " + part);
  }
}
