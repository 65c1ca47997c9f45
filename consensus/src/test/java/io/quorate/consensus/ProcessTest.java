package io.quorate.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three processes on this machine with real sockets and files, killed and stopped by signals. */
class ProcessTest {
  @TempDir Path directory;
  private long lastSum;
  private long acknowledged;
  /** Commands whose fate a slow machine left unknown; normally 0. */
  private long unknown;

  @Test
  void nothing_acknowledged_is_lost_or_done_twice_when_processes_are_killed_and_stopped()
      throws Exception {
    try (ProcessGroup group =
        new ProcessGroup(
            CounterProcess.class,
            directory,
            "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")) {
      group.start();
      for (int i = 0; i < 30; i++) {
        add(group.nodes().get(i % 3));
      }

      ProcessGroup.Node killed = group.leader();
      killed.kill();
      for (int i = 0; i < 10; i++) {
        add(group.after(killed));
      }
      killed.start();
      check(killed);

      ProcessGroup.Node stopped = group.leader();
      stopped.signal("STOP");
      for (int i = 0; i < 10; i++) {
        add(group.after(stopped));
      }
      stopped.signal("CONT");
      check(stopped);

      group.nodes().forEach(ProcessGroup.Node::kill);
      group.start();
      check(group.nodes().get(0));
    }
  }

  /** Adds one: the sum is higher than all before, and no command counts twice. */
  private void add(ProcessGroup.Node node) {
    long sum = number(node, "add");
    acknowledged++;
    assertThat(sum).isGreaterThan(lastSum).isLessThanOrEqualTo(acknowledged + unknown);
    lastSum = sum;
  }

  private void check(ProcessGroup.Node node) {
    assertThat(number(node, "read")).isBetween(lastSum, acknowledged + unknown);
  }

  /** Asks until there is an answer that is no failure; counts those that may have had effect. */
  private long number(ProcessGroup.Node node, String line) {
    String answer = node.ask(line);
    while (answer.startsWith("failed")) {
      unknown += answer.contains("Indeterminate") ? 1 : 0;
      answer = node.ask(line);
    }
    return Long.parseLong(answer.split(" ")[1]);
  }
}
