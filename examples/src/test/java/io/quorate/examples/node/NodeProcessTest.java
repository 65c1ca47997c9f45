package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.quorate.examples.Main;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The node program as real processes, with real kills. */
class NodeProcessTest {
  private static final int NODES = 3;

  @TempDir private Path directory;

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final Process[] processes = new Process[NODES + 1];
  private final int[] peerPorts = new int[NODES + 1];
  private final int[] httpPorts = new int[NODES + 1];

  @AfterEach
  void killAll() throws InterruptedException {
    for (Process process : processes) {
      if (process != null) {
        process.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  void acknowledged_writes_survive_the_kill_of_one_and_then_of_all() throws Exception {
    startCluster();
    for (String store : List.of("strong", "quorum", "eventual")) {
      assertThat(send(1, "PUT", "/" + store + "/before", "1").statusCode()).isEqualTo(204);
    }

    kill(2);
    for (String store : List.of("strong", "quorum", "eventual")) {
      awaitStatus(1, "PUT", "/" + store + "/during", "2", 204);
    }
    assertThat(awaitStatus(3, "GET", "/strong/during", "", 200).body()).isEqualTo("2");
    assertThat(send(3, "GET", "/quorum/during?consistency=linearizable", "").body())
        .isEqualTo("2");
    kill(1);
    kill(3);

    for (int node = 1; node <= NODES; node++) {
      start(node);
    }
    for (int node = 1; node <= NODES; node++) {
      awaitReady(node);
    }
    for (String key : List.of("before", "during")) {
      String expected = key.equals("before") ? "1" : "2";
      assertThat(awaitStatus(2, "GET", "/strong/" + key, "", 200).body()).isEqualTo(expected);
      assertThat(awaitStatus(2, "GET", "/quorum/" + key, "", 200).body()).isEqualTo(expected);
      assertThat(awaitStatus(1, "GET", "/eventual/" + key, "", 200).body()).isEqualTo(expected);
      // The others learn of it by themselves.
      assertThat(awaitStatus(2, "GET", "/eventual/" + key, "", 200).body()).isEqualTo(expected);
    }
  }

  @Test
  void a_minority_refuses_strong_operations_and_goes_on_with_eventual_ones() throws Exception {
    startCluster();
    awaitStatus(1, "PUT", "/strong/k", "1", 204);
    // A linearizable read on node 1 returns only once node 1 itself has the write.
    assertThat(awaitStatus(1, "GET", "/strong/k", "", 200).body()).isEqualTo("1");
    kill(2);
    kill(3);

    HttpResponse<String> strong = send(1, "PUT", "/strong/k", "2");
    HttpResponse<String> read = send(1, "GET", "/strong/k", "");

    assertThat(strong.statusCode()).isEqualTo(503);
    assertThat(strong.headers().firstValue("Quorate-Outcome")).isPresent();
    assertThat(read.statusCode()).isEqualTo(503);
    assertThat(read.headers().firstValue("Quorate-Outcome")).hasValue("refused");
    assertThat(send(1, "GET", "/strong/k?consistency=stale", "").body()).isEqualTo("1");
    assertThat(send(1, "PUT", "/eventual/k", "3").statusCode()).isEqualTo(204);
    assertThat(send(1, "GET", "/eventual/k", "").body()).isEqualTo("3");
  }

  @Test
  void status_names_the_leader_and_a_told_node_stops_with_exit_code_0() throws Exception {
    startCluster();
    awaitStatus(1, "PUT", "/strong/k", "1", 204);

    JsonObject status = JsonParser.parseString(send(1, "GET", "/status", "").body())
        .getAsJsonObject();
    assertThat(status.keySet())
        .containsExactlyInAnyOrder("id", "role", "term", "leader", "commitIndex", "members");
    assertThat(status.get("leader").getAsString()).matches("n[123]");
    assertThat(status.get("commitIndex").getAsLong()).isPositive();

    processes[1].destroy();

    assertThat(processes[1].waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(processes[1].exitValue()).isZero();
  }

  @Test
  void another_nodes_directory_is_refused_with_exit_code_3_and_bad_arguments_with_2()
      throws Exception {
    startCluster();
    kill(1);

    Process other =
        launch("other", "--id", "n9", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
            "--dir", directory.resolve("n1").toString(), "--cluster", "n9=127.0.0.1:1");
    assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(other.exitValue()).isEqualTo(3);
    assertThat(Files.readString(directory.resolve("other.err"))).contains("n1");

    Process bad = launch("bad", "--id", "n1", "--listen", "nonsense");
    assertThat(bad.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(bad.exitValue()).isEqualTo(2);
    assertThat(Files.readString(directory.resolve("bad.err")).strip().lines()).hasSize(1);
  }

  private void startCluster() throws Exception {
    List<ServerSocket> held = new ArrayList<>();
    for (int node = 1; node <= NODES; node++) {
      ServerSocket peer = new ServerSocket(0);
      ServerSocket http = new ServerSocket(0);
      held.addAll(List.of(peer, http));
      peerPorts[node] = peer.getLocalPort();
      httpPorts[node] = http.getLocalPort();
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
    for (int node = 1; node <= NODES; node++) {
      start(node);
    }
    for (int node = 1; node <= NODES; node++) {
      awaitReady(node);
    }
    for (int node = 1; node <= NODES; node++) {
      awaitStatus(node, "GET", "/quorum/warm-up", "", 404);
      awaitStatus(node, "GET", "/strong/warm-up", "", 404);
    }
  }

  private void start(int node) throws IOException {
    StringBuilder cluster = new StringBuilder();
    for (int i = 1; i <= NODES; i++) {
      cluster.append(i > 1 ? "," : "").append("n").append(i).append("=127.0.0.1:");
      cluster.append(peerPorts[i]);
    }
    String id = "n" + node;
    Files.deleteIfExists(directory.resolve(id + ".out"));
    processes[node] =
        launch(id, "--id", id, "--listen", "127.0.0.1:" + peerPorts[node], "--http",
            "127.0.0.1:" + httpPorts[node], "--dir", directory.resolve(id).toString(),
            "--cluster", cluster.toString());
  }

  private Process launch(String name, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
        "--enable-native-access=ALL-UNNAMED", "-cp",
        System.getProperty("java.class.path"), Main.class.getName(), "node"));
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command)
        .redirectOutput(directory.resolve(name + ".out").toFile())
        .redirectError(directory.resolve(name + ".err").toFile())
        .start();
  }

  private void kill(int node) throws InterruptedException {
    processes[node].destroyForcibly().waitFor();
  }

  private void awaitReady(int node) throws IOException {
    Path out = directory.resolve("n" + node + ".out");
    String expected = "ready id=n" + node + " http=127.0.0.1:" + httpPorts[node];
    for (int round = 0; round < 1_200; round++) {
      if (Files.readString(out).contains(expected)) {
        return;
      }
      assertThat(processes[node].isAlive())
          .as(Files.readString(directory.resolve("n" + node + ".err")))
          .isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    throw new AssertionError("node " + node + " is not ready after a minute");
  }

  private HttpResponse<String> awaitStatus(
      int node, String method, String path, String body, int status) throws Exception {
    HttpResponse<String> response = send(node, method, path, body);
    for (int round = 0; round < 300 && response.statusCode() != status; round++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      response = send(node, method, path, body);
    }
    assertThat(response.statusCode()).as(path + " " + response.body()).isEqualTo(status);
    return response;
  }

  private HttpResponse<String> send(int node, String method, String path, String body)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPorts[node] + path))
            .method(method, BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }
}
