package io.quorate.core.membership;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Members as processes of this machine, which can be stopped and starved. */
final class ProcessCluster implements AutoCloseable {
  /** What a member has said that it has heard. */
  record Heard(int by, MembershipEvent.Kind kind, String member, long atNanos) {}

  private final class Node {
    final int number;
    final Process process;
    final Thread reader;
    volatile int port;
    volatile long stalledMillis;

    Node(int number, Process process) {
      this.number = number;
      this.process = process;
      this.reader = new Thread(this::read, "member " + number);
      reader.start();
    }

    private void read() {
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          take(line.split(" "));
        }
      } catch (IOException e) {
        throw new UncheckedIOException("member " + number, e);
      }
    }

    private void take(String[] words) {
      synchronized (ProcessCluster.this) {
        if (words[0].equals("ready")) {
          port = Integer.parseInt(words[1]);
        } else if (words[0].equals("stalled")) {
          stalledMillis = Long.parseLong(words[1]);
        } else {
          heard.add(
              new Heard(
                  number,
                  MembershipEvent.Kind.valueOf(words[0]),
                  words[1],
                  Long.parseLong(words[2])));
        }
        ProcessCluster.this.notifyAll();
      }
    }
  }

  private final List<Node> nodes = new ArrayList<>();
  /** Guarded by this. */
  private final List<Heard> heard = new ArrayList<>();

  /**
   * Starts members n0 to n{@code size - 1}; returns when all have heard of all.
   *
   * @param prefix words before the command, such as {@code nice -n 19}
   */
  ProcessCluster(int size, String lifeguard, String... prefix) throws Exception {
    this(size, MemberProcess.class, lifeguard, prefix);
  }

  /** As above, with processes that run {@code main} and print what {@link MemberProcess} does. */
  ProcessCluster(int size, Class<?> main, String mode, String... prefix) throws Exception {
    for (int i = 0; i < size; i++) {
      List<String> command = new ArrayList<>(List.of(prefix));
      command.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Xmx64m",
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-cp",
              System.getProperty("java.class.path"),
              main.getName(),
              "n" + i,
              i == 0 ? "0" : "" + nodes.get(0).port,
              mode));
      Node node =
          new Node(
              i,
              new ProcessBuilder(command)
                  .redirectError(ProcessBuilder.Redirect.INHERIT)
                  .start());
      nodes.add(node);
      await("n" + i + " is ready", all -> node.port > 0);
    }
    await(
        "all have heard of all",
        all ->
            IntStream.range(0, size)
                .allMatch(
                    by ->
                        all.stream()
                                .filter(h -> h.by() == by)
                                .filter(h -> h.kind() == MembershipEvent.Kind.JOINED)
                                .map(Heard::member)
                                .distinct()
                                .count()
                            == size));
  }

  /** All that any member has heard so far. */
  synchronized List<Heard> heard() {
    return List.copyOf(heard);
  }

  /** How often any member has heard of such an event after {@code nanos}. */
  long count(MembershipEvent.Kind kind, long nanos) {
    return heard().stream().filter(h -> h.kind() == kind && h.atNanos() - nanos > 0).count();
  }

  /** Waits until {@code condition} holds of all that was heard; it takes as long as it takes. */
  synchronized void await(String what, Predicate<List<Heard>> condition) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
    while (!condition.test(heard)) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within two minutes: " + what + ", but " + heard);
      }
      wait(100);
    }
  }

  /** Waits until {@code others} have heard {@code kind} of {@code node} after {@code nanos}. */
  void awaitEverywhere(MembershipEvent.Kind kind, int node, int others, long nanos)
      throws Exception {
    await(
        kind + " of n" + node + " at " + others + " others",
        all -> after(all, kind, node, nanos).distinct().count() == others);
  }

  static IntStream after(
      List<Heard> all, MembershipEvent.Kind kind, int node, long nanos) {
    return all.stream()
        .filter(h -> h.kind() == kind && h.member().equals("n" + node) && h.by() != node)
        .filter(h -> h.atNanos() - nanos > 0)
        .mapToInt(Heard::by);
  }

  /** Nothing of the member runs any more, and its socket stays open. */
  void stop(int node) throws Exception {
    signal(node, "-STOP");
  }

  void goOn(int node) throws Exception {
    signal(node, "-CONT");
  }

  /** Ends the member; the system closes its sockets. */
  void kill(int node) {
    nodes.get(node).process.destroyForcibly().onExit().join();
  }

  /** Gives the member nothing for a while and then a slice, again and again, until closed. */
  AutoCloseable starve(int node, IntSupplier stopMillis, IntSupplier runMillis) {
    AtomicBoolean on = new AtomicBoolean(true);
    ExecutorService slicer = Executors.newSingleThreadExecutor();
    Future<Void> slices =
        slicer.submit(
            () -> {
              while (on.get()) {
                stop(node);
                Thread.sleep(stopMillis.getAsInt());
                goOn(node);
                Thread.sleep(runMillis.getAsInt());
              }
              return null;
            });
    slicer.shutdown();
    return () -> {
      on.set(false);
      slices.get();
    };
  }

  private void signal(int node, String signal) throws Exception {
    long pid = nodes.get(node).process.pid();
    int exit = new ProcessBuilder("kill", signal, "" + pid).start().waitFor();
    if (exit != 0) {
      throw new AssertionError("kill " + signal + " " + pid + " ended with " + exit);
    }
  }

  /** Ends all members; returns for each how late its latest timer was, in milliseconds. */
  List<Long> end() throws Exception {
    for (Node node : nodes) {
      node.process.getOutputStream().close();
    }
    List<Long> stalled = new ArrayList<>();
    for (Node node : nodes) {
      node.reader.join();
      stalled.add(node.stalledMillis);
    }
    return stalled;
  }

  @Override
  public void close() {
    nodes.forEach(node -> node.process.destroyForcibly());
    nodes.forEach(node -> node.process.onExit().join());
  }
}
