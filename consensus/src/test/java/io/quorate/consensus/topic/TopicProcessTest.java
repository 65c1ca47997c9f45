package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.consensus.ProcessGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three processes with real sockets and disks; whichever leads is killed again and again. */
class TopicProcessTest {
  @TempDir Path directory;

  @Test
  void nothing_acknowledged_is_lost_doubled_or_out_of_order_when_leaders_are_killed()
      throws Exception {
    try (ProcessGroup group =
        new ProcessGroup(
            TopicProcess.class,
            directory,
            "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")) {
      group.start();
      group.nodes().forEach(TopicProcessTest::subscribe);

      int published = 0;
      for (int kill = 0; kill < 3; kill++) {
        ProcessGroup.Node leader = group.leader();
        leader.tell("publish doomed " + kill + " 1");
        leader.kill();
        publish(group.after(leader), "key", published, 200);
        published += 200;
        leader.start();
        subscribe(leader);
      }

      for (ProcessGroup.Node node : group.nodes()) {
        assertThat(seen(node, published).stream().distinct().toList())
            .hasSize(published)
            .isSorted();
      }
      group.nodes().forEach(ProcessGroup.Node::kill);
      group.start();
      subscribe(group.nodes().get(0));
      assertThat(seen(group.nodes().get(0), published).stream().distinct().toList())
          .hasSize(published)
          .isSorted();
    }
  }

  private static void subscribe(ProcessGroup.Node node) {
    while (!node.ask("subscribe").equals("subscribed")) {
      // No leader yet within the time that an operation may take.
      continue;
    }
  }

  /** Publishes {@code [first, first + count)}, and again what is not acknowledged. */
  private static void publish(ProcessGroup.Node node, String key, int first, int count) {
    Set<Integer> missing = new TreeSet<>();
    for (int i = first; i < first + count; i++) {
      missing.add(i);
    }
    missing.removeAll(numbers(node.ask("publish " + key + " " + first + " " + count)));
    while (!missing.isEmpty()) {
      for (int number : List.copyOf(missing)) {
        missing.removeAll(numbers(node.ask("publish " + key + " " + number + " 1")));
      }
    }
  }

  private static List<Integer> numbers(String answer) {
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
  private static List<Integer> seen(ProcessGroup.Node node, int distinct) {
    List<Integer> seen = List.of();
    while (seen.stream().distinct().count() < distinct) {
      String[] answer = node.ask("seen").split(" ");
      String[] given = answer.length < 2 ? new String[0] : answer[1].split(",");
      seen =
          Stream.of(given)
              .filter(each -> each.startsWith("key:"))
              .map(each -> Integer.valueOf(each.substring("key:".length())))
              .toList();
    }
    return seen;
  }
}
