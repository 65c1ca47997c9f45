package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.quorate.examples.Main;
import io.quorate.examples.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Nodes as real processes on this machine, each dialling each other one through a {@link Relay} of
 * its own, so that no two nodes know one member by the same address.
 */
final class NodeCluster implements AutoCloseable {
  static final List<String> STORES = List.of("strong", "quorum", "eventual");

  private final Path directory;
  private final int size;
  /** Those that know each other from their command lines. */
  private final int founders;
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final SortedMap<Integer, Process> processes = new TreeMap<>();
  private final List<Process> launched = new ArrayList<>();
  private final int[] peerPorts;
  private final int[] httpPorts;
  private final Relay[][] relays;

  /** Nodes 1 to {@code size}, of which none runs yet. */
  NodeCluster(Path directory, int size) throws IOException {
    this(directory, size, size);
  }

  /** As the other one, with nodes behind the first {@code founders} that are to join. */
  NodeCluster(Path directory, int founders, int size) throws IOException {
    this.directory = directory;
    this.founders = founders;
    this.size = size;
    int[] ports = Ports.free(2 * (size + 1));
    this.peerPorts = Arrays.copyOf(ports, size + 1);
    this.httpPorts = Arrays.copyOfRange(ports, size + 1, ports.length);
    this.relays = new Relay[size + 1][size + 1];
    for (int from = 1; from <= size; from++) {
      for (int to = 1; to <= size; to++) {
        if (from != to) {
          relays[from][to] = new Relay(peerPorts[to]);
        }
      }
    }
  }

  /** Starts them all; returns when each has answered for each store. */
  static NodeCluster started(Path directory, int size) throws Exception {
    NodeCluster cluster = new NodeCluster(directory, size);
    cluster.startAll();
    return cluster;
  }

  void startAll() throws Exception {
    for (int node = 1; node <= founders; node++) {
      start(node);
    }
    for (int node = 1; node <= founders; node++) {
      awaitReady(node);
    }
    for (int node = 1; node <= founders; node++) {
      awaitStatus(node, "GET", "/quorum/warm-up", "", 404);
      awaitStatus(node, "GET", "/strong/warm-up", "", 404);
    }
  }

  void start(int node) throws IOException {
    start(node, "--cluster", members(node));
  }

  /** Starts a node with {@code more} arguments in the place of {@code --cluster}. */
  void start(int node, String... more) throws IOException {
    String id = "n" + node;
    Files.deleteIfExists(directory.resolve(id + ".out"));
    List<String> arguments = new ArrayList<>(List.of(
        "--id", id, "--listen", "127.0.0.1:" + peerPorts[node],
        "--http", "127.0.0.1:" + httpPorts[node], "--dir", data(node).toString()));
    arguments.addAll(Arrays.asList(more));
    processes.put(node, launch(id, arguments.toArray(String[]::new)));
  }

  /** Starts a node that is to be added by the members {@code seeds}. */
  void join(int node, int... seeds) throws IOException {
    start(
        node,
        "--join",
        Arrays.stream(seeds)
            .mapToObj(seed -> "127.0.0.1:" + httpPorts[seed])
            .collect(Collectors.joining(",")));
  }

  /** What a node has printed. */
  List<String> output(int node) throws IOException {
    return Files.readString(directory.resolve("n" + node + ".out")).lines().toList();
  }

  /** What node {@code from} is told of all members. */
  String members(int from) {
    StringBuilder text = new StringBuilder();
    for (int to = 1; to <= founders; to++) {
      int port = from == to ? peerPorts[to] : relays[from][to].port();
      text.append(to > 1 ? "," : "").append("n").append(to).append("=127.0.0.1:").append(port);
    }
    return text.toString();
  }

  /** Runs the program with these arguments, its output in files called {@code name}. */
  Process launch(String name, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
        "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
        // As the manifest of the jar says.
        "--enable-native-access=ALL-UNNAMED", "-cp",
        System.getProperty("java.class.path"), Main.class.getName(), "node"));
    command.addAll(Arrays.asList(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(directory.resolve(name + ".out").toFile())
            .redirectError(directory.resolve(name + ".err").toFile())
            .start();
    launched.add(process);
    return process;
  }

  Process process(int node) {
    return processes.get(node);
  }

  int peerPort(int node) {
    return peerPorts[node];
  }

  int httpPort(int node) {
    return httpPorts[node];
  }

  Path data(int node) {
    return directory.resolve("n" + node);
  }

  List<String> errors(String name) throws IOException {
    return Files.readString(directory.resolve(name + ".err")).strip().lines().toList();
  }

  void kill(int node) throws InterruptedException {
    processes.get(node).destroyForcibly().waitFor();
  }

  /** Stops a process where it stands, its sockets open: SIGSTOP. */
  void pause(int node) throws Exception {
    signal(node, "STOP");
  }

  void resume(int node) throws Exception {
    signal(node, "CONT");
  }

  /** The relays between two nodes, of both directions of dialling. */
  List<Relay> between(int a, int b) {
    return List.of(relays[a][b], relays[b][a]);
  }

  /** All relays from and to a node. */
  List<Relay> around(int node) {
    List<Relay> around = new ArrayList<>();
    for (int other = 1; other <= size; other++) {
      if (other != node) {
        around.addAll(between(node, other));
      }
    }
    return around;
  }

  void awaitReady(int node) throws IOException {
    Path out = directory.resolve("n" + node + ".out");
    String expected = "ready id=n" + node + " http=127.0.0.1:" + httpPorts[node];
    for (int round = 0; round < 1_200; round++) {
      if (Files.readString(out).contains(expected)) {
        return;
      }
      assertThat(processes.get(node).isAlive()).as("" + errors("n" + node)).isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    throw new AssertionError("node " + node + " is not ready after a minute");
  }

  /** Repeats a request until it is answered as wanted, for 30 s at least. */
  HttpResponse<String> awaitStatus(
      int node, String method, String path, String body, int status) throws Exception {
    HttpResponse<String> response = send(node, method, path, body);
    for (int round = 0; round < 300 && response.statusCode() != status; round++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      response = send(node, method, path, body);
    }
    assertThat(response.statusCode()).as(path + " " + response.body()).isEqualTo(status);
    return response;
  }

  HttpResponse<String> send(int node, String method, String path, String body, String... headers)
      throws IOException, InterruptedException {
    return client.send(request(node, method, path, body, headers), BodyHandlers.ofString());
  }

  CompletableFuture<HttpResponse<String>> sendAsync(
      int node, String method, String path, String body, String... headers) {
    return client.sendAsync(request(node, method, path, body, headers), BodyHandlers.ofString());
  }

  JsonObject status(int node) throws Exception {
    return JsonParser.parseString(send(node, "GET", "/status", "").body()).getAsJsonObject();
  }

  /** The number of the node that leads, as node {@code asked} sees it. */
  int leader(int asked) throws Exception {
    for (int round = 0; round < 300; round++) {
      if (!status(asked).get("leader").isJsonNull()) {
        return Integer.parseInt(status(asked).get("leader").getAsString().substring(1));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    throw new AssertionError("no leader after 30 s");
  }

  @Override
  public void close() throws IOException {
    launched.forEach(process -> process.destroyForcibly().onExit().join());
    for (int node = 1; node <= size; node++) {
      for (Relay relay : around(node)) {
        relay.close();
      }
    }
  }

  private void signal(int node, String signal) throws Exception {
    String pid = Long.toString(processes.get(node).pid());
    assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor()).isZero();
  }

  private HttpRequest request(
      int node, String method, String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPorts[node] + path))
            .method(
                method, BodyPublishers.ofByteArray(body.getBytes(StandardCharsets.ISO_8859_1)));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request.build();
  }
}
