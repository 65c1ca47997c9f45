package io.quorate.consensus;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.Role;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Address;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/**
 * A node of {@link Failover}. Answers each line of its input with one of its output: {@code open
 * ELECTION_MILLIS} (0 for the default), {@code add}, {@code write} (one write after another from
 * now on), {@code gap} (the longest time between two acknowledgements since, in nanoseconds, once a
 * write that began after this line is acknowledged), {@code transfer ID}, {@code close}, {@code
 * threads}, {@code role}.
 */
final class FailoverProcess {
  private final NodeId self;
  private final Path directory;
  private final Map<NodeId, Address> cluster;
  private Environment environment;
  private Raft raft;
  private RaftNode<Long, Long, CounterExample> node;
  private Writer writer;

  /** Writes all the time, one at a time, and keeps the longest time without an acknowledgement. */
  private final class Writer extends Thread {
    private long acknowledgedNanos;
    private long longestNanos;
    private volatile boolean ending;

    /** One whose last write has been acknowledged just now. */
    Writer() {
      this.acknowledgedNanos = System.nanoTime();
    }

    @Override
    public void run() {
      boolean last = false;
      while (!last) {
        last = ending;
        while (!add()) {
          // Whatever the reason, the gap goes on.
          continue;
        }
        long nowNanos = System.nanoTime();
        longestNanos = Math.max(longestNanos, nowNanos - acknowledgedNanos);
        acknowledgedNanos = nowNanos;
      }
    }

    long gapNanos() throws InterruptedException {
      ending = true;
      join();
      return longestNanos;
    }

    private boolean add() {
      try {
        node.submit(1L).get();
        return true;
      } catch (ExecutionException e) {
        return false;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private FailoverProcess(List<String> arguments) {
    this.self = NodeId.of(arguments.get(0));
    this.directory = Path.of(arguments.get(1));
    this.cluster = ProcessGroup.members(arguments.subList(2, arguments.size()));
  }

  public static void main(String[] arguments) throws Exception {
    FailoverProcess process = new FailoverProcess(List.of(arguments));
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    System.out.println("ready");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(process.answer(line.split(" ")));
    }
    System.exit(0);
  }

  private String answer(String[] line) throws InterruptedException {
    try {
      return switch (line[0]) {
        case "open" -> open(Integer.parseInt(line[1]));
        case "add" -> "sum " + node.submit(1L).get();
        case "write" -> write();
        case "gap" -> "gap " + writer.gapNanos();
        case "transfer" -> "transferred " + node.transferTo(NodeId.of(line[1])).get();
        case "close" -> close();
        case "threads" -> threads();
        default -> node.status().role() == Role.LEADER ? "leader" : "follower";
      };
    } catch (ExecutionException e) {
      return "failed " + e.getCause();
    }
  }

  private String open(int electionMillis) {
    environment = ProcessGroup.open(self, "failover", directory, cluster);
    RaftOptions options = RaftOptions.defaults();
    raft =
        Raft.open(
            environment,
            electionMillis == 0
                ? options
                : options.withElectionTimeout(Duration.ofMillis(electionMillis)));
    node =
        raft.group("counter")
            .members(cluster.keySet())
            .start(new CounterExample(), Codec.LONG, Codec.LONG);
    return "opened";
  }

  /** Begins to write; the first write is acknowledged when this returns. */
  private String write() throws ExecutionException, InterruptedException {
    node.submit(1L).get();
    writer = new Writer();
    writer.start();
    return "writing";
  }

  private String close() {
    raft.close();
    environment.close();
    return "closed";
  }

  private String threads() {
    String[] names =
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.startsWith("quorate-"))
            .sorted()
            .toArray(String[]::new);
    return names.length + " (" + String.join(", ", names) + ")";
  }
}
