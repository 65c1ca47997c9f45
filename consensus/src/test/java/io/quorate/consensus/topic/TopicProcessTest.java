package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three processes with real sockets and disks; whichever leads is killed again and again. */
class TopicProcessTest {
  private static final String[] IDS = {"a", "b", "c"};

  @TempDir Path directory;
  private final List<Node> nodes = new ArrayList<>();
  private final String[] members = new String[IDS.length];

  private final class Node {
    final String id;
    Process process;
    BufferedReader out;
    PrintStream in;

    Node(String id) {
      this.id = id;
      start();
    }

    void start() {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(TopicProcess.class.getName(), id, directory.resolve(id).toString()));
      command.addAll(List.of(members));
      try {
        process =
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      out = process.inputReader();
      in = new PrintStream(process.getOutputStream(), true);
      assertThat(read()).isEqualTo("ready");
    }

    void subscribe() {
      while (!ask("subscribe").equals("subscribed")) {
        // No leader yet within the time that an operation may take.
        continue;
      }
    }

    String ask(String line) {
      in.println(line);
      return read();
    }

    private String read() {
      try {
        return out.readLine();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Publishes {@code [first, first + count)}, and again what is not acknowledged. */
    void publish(String key, int first, int count) {
      Set<Integer> missing = new TreeSet<>();
      for (int i = first; i < first + count; i++) {
        missing.add(i);
      }
      missing.removeAll(numbers(ask("publish " + key + " " + first + " " + count)));
      while (!missing.isEmpty()) {
        for (int number : List.copyOf(missing)) {
          missing.removeAll(numbers(ask("publish " + key + " " + number + " 1")));
        }
      }
    }

    private List<Integer> numbers(String answer) {
      String[] parts = answer.split(" ");
      List<Integer> numbers = new ArrayList<>();
      if (parts.length == 2) {
        for (String each : parts[1].split(",")) {
          numbers.add(Integer.valueOf(each));
        }
      }
      return numbers;
    }

    /** What its subscriber was given, once {@code distinct} messages are among it. */
    List<Integer> seen(int distinct) {
      List<Integer> seen = List.of();
      while (seen.stream().distinct().count() < distinct) {
        String[] answer = ask("seen").split(" ");
        String[] given = answer.length < 2 ? new String[0] : answer[1].split(",");
        seen =
            Stream.of(given)
                .filter(each -> each.startsWith("key:"))
                .map(each -> Integer.valueOf(each.substring("key:".length())))
                .toList();
      }
      return seen;
    }

    void kill() {
      process.destroyForcibly();
      process.onExit().join();
    }
  }

  @AfterEach
  void end() {
    nodes.forEach(node -> node.process.destroyForcibly());
  }

  @Test
  void nothing_acknowledged_is_lost_doubled_or_out_of_order_when_leaders_are_killed()
      throws Exception {
    for (int i = 0; i < IDS.length; i++) {
      members[i] = IDS[i] + "=127.0.0.1:" + freePort();
    }
    for (String id : IDS) {
      nodes.add(new Node(id));
    }
    nodes.forEach(Node::subscribe);

    int published = 0;
    for (int kill = 0; kill < 3; kill++) {
      Node leader = leader();
      leader.in.println("publish doomed " + kill + " 1");
      leader.kill();
      Node survivor = nodes.get((nodes.indexOf(leader) + 1) % 3);
      survivor.publish("key", published, 200);
      published += 200;
      leader.start();
      leader.subscribe();
    }

    for (Node node : nodes) {
      assertThat(node.seen(published).stream().distinct().toList())
          .hasSize(published)
          .isSorted();
    }
    nodes.forEach(Node::kill);
    nodes.forEach(Node::start);
    nodes.get(0).subscribe();
    assertThat(nodes.get(0).seen(published).stream().distinct().toList())
        .hasSize(published)
        .isSorted();
  }

  private Node leader() {
    while (true) {
      for (Node node : nodes) {
        if (node.ask("role").equals("leader")) {
          return node;
        }
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
