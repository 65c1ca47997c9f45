package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The node program as real processes, with real kills. */
class NodeProcessTest {
  private static final int NODES = 3;

  @TempDir private Path directory;

  private NodeCluster cluster;

  @BeforeEach
  void startCluster() throws Exception {
    cluster = NodeCluster.started(directory, NODES);
  }

  @AfterEach
  void killAll() throws IOException {
    cluster.close();
  }

  @Test
  void acknowledged_writes_survive_the_kill_of_one_and_then_of_all() throws Exception {
    for (String store : List.of("strong", "quorum", "eventual")) {
      assertThat(cluster.send(1, "PUT", "/" + store + "/before", "1").statusCode()).isEqualTo(204);
    }

    cluster.kill(2);
    for (String store : List.of("strong", "quorum", "eventual")) {
      cluster.awaitStatus(1, "PUT", "/" + store + "/during", "2", 204);
    }
    assertThat(cluster.awaitStatus(3, "GET", "/strong/during", "", 200).body()).isEqualTo("2");
    assertThat(cluster.send(3, "GET", "/quorum/during?consistency=linearizable", "").body())
        .isEqualTo("2");
    cluster.kill(1);
    cluster.kill(3);

    for (int node = 1; node <= NODES; node++) {
      cluster.start(node);
    }
    for (int node = 1; node <= NODES; node++) {
      cluster.awaitReady(node);
    }
    for (String key : List.of("before", "during")) {
      String expected = key.equals("before") ? "1" : "2";
      assertThat(cluster.awaitStatus(2, "GET", "/strong/" + key, "", 200).body())
          .isEqualTo(expected);
      assertThat(cluster.awaitStatus(2, "GET", "/quorum/" + key, "", 200).body())
          .isEqualTo(expected);
      assertThat(cluster.awaitStatus(1, "GET", "/eventual/" + key, "", 200).body())
          .isEqualTo(expected);
      // The others learn of it by themselves.
      assertThat(cluster.awaitStatus(2, "GET", "/eventual/" + key, "", 200).body())
          .isEqualTo(expected);
    }
  }

  @Test
  void a_minority_refuses_strong_operations_and_goes_on_with_eventual_ones() throws Exception {
    cluster.awaitStatus(1, "PUT", "/strong/k", "1", 204);
    // A linearizable read on node 1 returns only once node 1 itself has the write.
    assertThat(cluster.awaitStatus(1, "GET", "/strong/k", "", 200).body()).isEqualTo("1");
    cluster.kill(2);
    cluster.kill(3);

    HttpResponse<String> strong = cluster.send(1, "PUT", "/strong/k", "2");
    HttpResponse<String> read = cluster.send(1, "GET", "/strong/k", "");

    assertThat(strong.statusCode()).isEqualTo(503);
    assertThat(strong.headers().firstValue("Quorate-Outcome")).isPresent();
    assertThat(read.statusCode()).isEqualTo(503);
    assertThat(read.headers().firstValue("Quorate-Outcome")).hasValue("refused");
    assertThat(cluster.send(1, "GET", "/strong/k?consistency=stale", "").body()).isEqualTo("1");
    assertThat(cluster.send(1, "PUT", "/eventual/k", "3").statusCode()).isEqualTo(204);
    assertThat(cluster.send(1, "GET", "/eventual/k", "").body()).isEqualTo("3");
  }

  @Test
  void status_names_the_leader_and_a_told_node_stops_with_exit_code_0() throws Exception {
    cluster.awaitStatus(1, "PUT", "/strong/k", "1", 204);

    JsonObject status = JsonParser.parseString(cluster.send(1, "GET", "/status", "").body())
        .getAsJsonObject();
    assertThat(status.keySet())
        .containsExactlyInAnyOrder("id", "role", "term", "leader", "commitIndex", "members");
    assertThat(status.get("leader").getAsString()).matches("n[123]");
    assertThat(status.get("commitIndex").getAsLong()).isPositive();

    cluster.process(1).destroy();

    assertThat(cluster.process(1).waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(cluster.process(1).exitValue()).isZero();
  }

  @Test
  void another_nodes_directory_is_refused_with_exit_code_3_and_bad_arguments_with_2()
      throws Exception {
    cluster.kill(1);

    Process other =
        cluster.launch("other", "--id", "n9", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
            "--dir", cluster.data(1).toString(), "--cluster", "n9=127.0.0.1:1");
    assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(other.exitValue()).isEqualTo(3);
    assertThat(Files.readString(directory.resolve("other.err"))).contains("n1");

    Process bad = cluster.launch("bad", "--id", "n1", "--listen", "nonsense");
    assertThat(bad.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(bad.exitValue()).isEqualTo(2);
    assertThat(Files.readString(directory.resolve("bad.err")).strip().lines()).hasSize(1);
  }
}
