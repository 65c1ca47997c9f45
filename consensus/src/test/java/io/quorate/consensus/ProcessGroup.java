package io.quorate.consensus;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Three nodes of one group, each a process of its own on this machine with its own directory. Each
 * answers a line of its input with one of its output, the first of which is {@code ready}; the line
 * {@code role} with {@code leader} or something else. Not safe for use by several threads.
 */
public final class ProcessGroup implements AutoCloseable {
  private static final String[] IDS = {"a", "b", "c"};

  private final Class<?> main;
  private final Path directory;
  private final List<String> jvm;
  private final List<String> members = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();

  /**
   * A group that has not been started.
   *
   * @param main what each runs: {@code ID DIRECTORY ID=ADDRESS...}
   * @param jvm what else the virtual machines are told
   */
  public ProcessGroup(Class<?> main, Path directory, String... jvm) throws IOException {
    this.main = main;
    this.directory = directory;
    this.jvm = List.of(jvm);
    for (String id : IDS) {
      members.add(id + "=127.0.0.1:" + freePort());
      nodes.add(new Node(id));
    }
  }

  /** The members, as each of the processes is told them. */
  public static Map<NodeId, Address> members(List<String> arguments) {
    Map<NodeId, Address> members = new TreeMap<>();
    for (String argument : arguments) {
      String[] parts = argument.split("=");
      members.put(NodeId.of(parts[0]), Address.parse(parts[1]));
    }
    return members;
  }

  /** Opens the environment of {@code self} and tells it where the others are. */
  public static Environment open(
      NodeId self, String cluster, Path directory, Map<NodeId, Address> members) {
    Environment environment =
        Environment.real(
            EnvironmentOptions.of(self, cluster)
                .withDataDirectory(directory)
                .withListen(members.get(self)));
    members.forEach(
        (peer, at) -> {
          if (!peer.equals(self)) {
            environment.transport().setPeer(peer, at);
          }
        });
    return environment;
  }

  /** One of them. */
  public final class Node {
    private final String id;
    private Process process;
    private BufferedReader out;
    private PrintStream in;

    private Node(String id) {
      this.id = id;
    }

    public String id() {
      return id;
    }

    /** Starts it, for the first time or again; its first answer is still to be read. */
    public void launch() {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(jvm);
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(main.getName(), id, directory.resolve(id).toString()));
      command.addAll(members);
      try {
        process =
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      out = process.inputReader();
      in = new PrintStream(process.getOutputStream(), true);
    }

    public void awaitReady() {
      String first = answer();
      if (!first.equals("ready")) {
        throw new IllegalStateException("node " + id + " began with " + first);
      }
    }

    public void start() {
      launch();
      awaitReady();
    }

    public String ask(String line) {
      tell(line);
      return answer();
    }

    /** Asks without waiting for the {@link #answer}. */
    public void tell(String line) {
      in.println(line);
    }

    public String answer() {
      try {
        String line = out.readLine();
        if (line == null) {
          throw new IllegalStateException("node " + id + " has ended");
        }
        return line;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    public void signal(String name) {
      try {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** SIGKILL; returns when the process is gone. */
    public void kill() {
      end().join();
    }

    private CompletableFuture<Process> end() {
      process.destroyForcibly();
      return process.onExit();
    }
  }

  /** Starts all at the same time. */
  public void start() {
    nodes.forEach(Node::launch);
    nodes.forEach(Node::awaitReady);
  }

  public List<Node> nodes() {
    return nodes;
  }

  /** The one behind {@code node}, in a ring. */
  public Node after(Node node) {
    return nodes.get((nodes.indexOf(node) + 1) % nodes.size());
  }

  /** The first that says it leads. */
  public Node leader() {
    while (true) {
      for (Node node : nodes) {
        if (node.ask("role").equals("leader")) {
          return node;
        }
      }
    }
  }

  /** Kills all that run. */
  @Override
  public void close() {
    Stream<Node> running = nodes.stream().filter(node -> node.process != null);
    running.map(Node::end).toList().forEach(CompletableFuture::join);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
