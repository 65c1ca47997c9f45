package io.quorate.consensus;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * How long a group of three processes acknowledges nothing around what befalls its leader. Another
 * node writes all the time, one write after another; what counts is the longest time between two
 * acknowledgements.
 */
public final class Failover implements AutoCloseable {
  /** What is measured. */
  public enum What {
    /** From the start of three virtual machines to the first acknowledged write. */
    LAUNCH,
    /** From the opening of three nodes, in machines that have done nothing yet, to the same. */
    START,
    /** From the opening of three nodes, in machines where they ran before, to the same. */
    REOPEN,
    /** The leader gets SIGKILL. */
    KILL,
    /** The leader gets SIGSTOP: its connections stay open. */
    STOP,
    /** The leader closes in good order. */
    CLOSE,
    /** Leadership goes to the node that does not write. */
    TRANSFER
  }

  private final ProcessGroup group;
  private final int electionMillis;
  private final Map<What, List<Double>> millis = new EnumMap<>(What.class);

  /**
   * Starts three nodes and measures that.
   *
   * @param directory theirs; empty
   * @param electionMillis the election time-out; 0 for the default
   * @param jvm what the virtual machines are told
   */
  public Failover(Path directory, int electionMillis, String... jvm) throws IOException {
    this.group = new ProcessGroup(FailoverProcess.class, directory, jvm);
    this.electionMillis = electionMillis;
    long launchedNanos = System.nanoTime();
    group.start();
    long readyNanos = System.nanoTime();
    openAndCommit();
    long committedNanos = System.nanoTime();
    note(What.LAUNCH, committedNanos - launchedNanos);
    note(What.START, committedNanos - readyNanos);
  }

  /** Measures everything else once, planned transfers several times. */
  public void round(int transfers) {
    settle();
    gap(What.KILL, (leader, other) -> leader.kill(), this::restart);
    gap(What.STOP, (leader, other) -> leader.signal("STOP"), leader -> leader.signal("CONT"));
    gap(What.CLOSE, (leader, other) -> leader.ask("close"), leader -> {
      leader.kill();
      restart(leader);
    });
    for (int i = 0; i < transfers; i++) {
      gap(What.TRANSFER, Failover::transfer, leader -> { });
    }
    group.nodes().forEach(node -> node.ask("close"));
    long closedNanos = System.nanoTime();
    openAndCommit();
    note(What.REOPEN, System.nanoTime() - closedNanos);
    settle();
  }

  /** What was measured, in milliseconds, in the order in which it was. */
  public Map<What, List<Double>> millis() {
    return millis;
  }

  /** How many threads of this library each node has now, and which. */
  public List<String> threads() {
    return group.nodes().stream().map(node -> node.ask("threads")).toList();
  }

  @Override
  public void close() {
    group.close();
  }

  private void openAndCommit() {
    ProcessGroup.Node first = group.nodes().get(0);
    group.nodes().forEach(node -> node.tell(open()));
    first.tell("add");
    group.nodes().forEach(ProcessGroup.Node::answer);
    String sum = first.answer();
    if (sum.startsWith("failed")) {
      throw new IllegalStateException(sum);
    }
  }

  private interface Event {
    void on(ProcessGroup.Node leader, ProcessGroup.Node other);
  }

  private interface Repair {
    void of(ProcessGroup.Node leader);
  }

  private void gap(What what, Event event, Repair repair) {
    ProcessGroup.Node leader = group.leader();
    ProcessGroup.Node writer = group.after(leader);
    writer.ask("write");
    event.on(leader, group.after(writer));
    note(what, Long.parseLong(writer.ask("gap").split(" ")[1]));
    repair.of(leader);
    settle();
  }

  private static void transfer(ProcessGroup.Node leader, ProcessGroup.Node other) {
    String answer = leader.ask("transfer " + other.id());
    if (answer.startsWith("failed")) {
      throw new IllegalStateException(answer);
    }
  }

  private void restart(ProcessGroup.Node node) {
    node.start();
    node.ask(open());
  }

  private String open() {
    return "open " + electionMillis;
  }

  /** All take part again, and know who leads. */
  private void settle() {
    for (ProcessGroup.Node node : group.nodes()) {
      while (node.ask("add").startsWith("failed")) {
        // It has not found the leader yet.
        continue;
      }
    }
  }

  private void note(What what, long nanos) {
    millis.computeIfAbsent(what, none -> new ArrayList<>()).add(nanos / 1e6);
  }
}
