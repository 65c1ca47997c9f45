package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The node program on a file system of a few megabytes, which only root may make. */
@Tag("alone")
class NodeFullDiskTest {
  @TempDir private Path directory;

  private NodeCluster cluster;

  @AfterEach
  void stop() throws Exception {
    if (cluster != null) {
      cluster.close();
      assertThat(run("umount", cluster.data(1).toString())).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"strong", "quorum", "eventual"})
  void on_a_full_disk_writes_are_refused_and_reads_go_on(String store) throws Exception {
    startOnSmallDisk();
    String value = "v".repeat(1 << 20);

    int written = 0;
    HttpResponse<String> last = cluster.send(1, "PUT", "/" + store + "/k0", value);
    while (last.statusCode() == 204 && written < 100) {
      written++;
      last = cluster.send(1, "PUT", "/" + store + "/k" + written, value);
    }

    assertThat(written).isBetween(1, 99);
    for (int i = 0; i < 3; i++) {
      assertThat(last.statusCode()).isEqualTo(503);
      assertThat(last.headers().firstValue("Quorate-Outcome")).as(last.body()).hasValue("refused");
      last = cluster.send(1, "PUT", "/" + store + "/more", value);
    }
    for (int i = 0; i < written; i++) {
      assertThat(cluster.send(1, "GET", "/" + store + "/k" + i, "").body()).isEqualTo(value);
    }
    assertThat(cluster.send(1, "GET", "/" + store + "/more", "").statusCode()).isEqualTo(404);
    assertThat(cluster.process(1).isAlive()).isTrue();
    // With more room, and after a kill, everything is there still and writes are taken.
    cluster.kill(1);
    assertThat(run("mount", "-o", "remount,size=200m", cluster.data(1).toString())).isZero();
    cluster.start(1);
    cluster.awaitReady(1);
    for (int i = 0; i < written; i++) {
      assertThat(cluster.awaitStatus(1, "GET", "/" + store + "/k" + i, "", 200).body())
          .isEqualTo(value);
    }
    cluster.awaitStatus(1, "PUT", "/" + store + "/more", value, 204);
  }

  @ParameterizedTest
  @ValueSource(strings = {"strong", "quorum", "eventual"})
  void of_many_writes_at_once_a_full_disk_takes_some_and_refuses_the_others(String store)
      throws Exception {
    startOnSmallDisk();
    String value = "v".repeat(1 << 20);
    List<CompletableFuture<HttpResponse<String>>> writes = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      writes.add(cluster.sendAsync(1, "PUT", "/" + store + "/k" + i, value));
    }

    int written = 0;
    for (int i = 0; i < writes.size(); i++) {
      HttpResponse<String> reply = writes.get(i).join();
      boolean accepted = reply.statusCode() == 204;
      if (!accepted) {
        assertThat(reply.statusCode()).isEqualTo(503);
        assertThat(reply.headers().firstValue("Quorate-Outcome"))
            .as(reply.body())
            .hasValue("refused");
      }
      written += accepted ? 1 : 0;
      assertThat(cluster.send(1, "GET", "/" + store + "/k" + i, "").statusCode())
          .isEqualTo(accepted ? 200 : 404);
    }
    assertThat(written).isBetween(1, 79);
  }

  private void startOnSmallDisk() throws Exception {
    NodeCluster fresh = new NodeCluster(directory, 1);
    Files.createDirectories(fresh.data(1));
    String mounted = fresh.data(1).toString();
    assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=56m", "tmpfs", mounted) == 0);
    cluster = fresh;
    cluster.startAll();
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).start().waitFor();
  }
}
