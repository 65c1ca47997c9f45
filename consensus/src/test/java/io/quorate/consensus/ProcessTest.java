package io.quorate.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three processes on this machine with real sockets and files, killed and stopped by signals. */
class ProcessTest {
  private static final String[] IDS = {"a", "b", "c"};

  @TempDir Path directory;
  private final List<Node> nodes = new ArrayList<>();
  private String[] members;

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
      command.addAll(List.of(CounterProcess.class.getName(), id, directory.resolve(id).toString()));
      command.addAll(List.of(members));
      try {
        process =
            new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      out = process.inputReader();
      in = new PrintStream(process.getOutputStream(), true);
      assertThat(read()).isEqualTo("ready");
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

    /** Asks until there is an answer that is no failure. */
    long number(String line) {
      String answer = ask(line);
      while (answer != null && answer.startsWith("failed")) {
        assertThat(answer).contains("Refused");
        answer = ask(line);
      }
      return Long.parseLong(answer.split(" ")[1]);
    }

    void signal(String name) {
      try {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @AfterEach
  void end() {
    nodes.forEach(node -> node.process.destroyForcibly());
  }

  @Test
  void nothing_acknowledged_is_lost_or_done_twice_when_processes_are_killed_and_stopped()
      throws Exception {
    Files.createDirectories(directory);
    members = new String[IDS.length];
    for (int i = 0; i < IDS.length; i++) {
      members[i] = IDS[i] + "=127.0.0.1:" + freePort();
    }
    for (String id : IDS) {
      nodes.add(new Node(id));
    }
    long sum = 0;
    for (int i = 0; i < 30; i++) {
      assertThat(nodes.get(i % 3).number("add")).isEqualTo(++sum);
    }

    Node killed = leader();
    killed.signal("KILL");
    killed.process.waitFor();
    Node other = nodes.get((nodes.indexOf(killed) + 1) % 3);
    for (int i = 0; i < 10; i++) {
      assertThat(other.number("add")).isEqualTo(++sum);
    }
    killed.start();
    assertThat(killed.number("read")).isEqualTo(sum);

    Node stopped = leader();
    stopped.signal("STOP");
    Node next = nodes.get((nodes.indexOf(stopped) + 1) % 3);
    for (int i = 0; i < 10; i++) {
      assertThat(next.number("add")).isEqualTo(++sum);
    }
    stopped.signal("CONT");
    assertThat(stopped.number("read")).isEqualTo(sum);

    for (Node node : nodes) {
      node.signal("KILL");
      node.process.waitFor();
    }
    nodes.forEach(Node::start);
    assertThat(nodes.get(0).number("read")).isEqualTo(sum);
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
