package io.quorate.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
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
  private long lastSum;
  private long acknowledged;
  /** Commands whose fate a slow machine left unknown; normally 0. */
  private long unknown;

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

    /** Asks until there is an answer that is no failure; counts those that may have had effect. */
    private long number(String line) {
      String answer = ask(line);
      while (answer.startsWith("failed")) {
        unknown += answer.contains("Indeterminate") ? 1 : 0;
        answer = ask(line);
      }
      return Long.parseLong(answer.split(" ")[1]);
    }

    /** Adds one: the sum is higher than all before, and no command counts twice. */
    void add() {
      long sum = number("add");
      acknowledged++;
      assertThat(sum).isGreaterThan(lastSum).isLessThanOrEqualTo(acknowledged + unknown);
      lastSum = sum;
    }

    void check() {
      assertThat(number("read")).isBetween(lastSum, acknowledged + unknown);
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
    for (int i = 0; i < 30; i++) {
      nodes.get(i % 3).add();
    }

    Node killed = leader();
    killed.signal("KILL");
    killed.process.waitFor();
    Node other = nodes.get((nodes.indexOf(killed) + 1) % 3);
    for (int i = 0; i < 10; i++) {
      other.add();
    }
    killed.start();
    killed.check();

    Node stopped = leader();
    stopped.signal("STOP");
    Node next = nodes.get((nodes.indexOf(stopped) + 1) % 3);
    for (int i = 0; i < 10; i++) {
      next.add();
    }
    stopped.signal("CONT");
    stopped.check();

    for (Node node : nodes) {
      node.signal("KILL");
      node.process.waitFor();
    }
    nodes.forEach(Node::start);
    nodes.get(0).check();
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
