package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultScheduleTest {
  @TempDir private Path directory;

  @Test
  void equal_seeds_give_equal_orders_and_each_kind_of_fault_comes_once() throws IOException {
    Path file = directory.resolve("table.csv");
    Files.write(file, List.of("label,x", "a,1", "b,2", "a,3", "b,4", "a,5", "b,6"));
    Chronicle chronicle = new Chronicle(new PrintStream(OutputStream.nullOutputStream()));
    try (Platform platform = new Platform(Exam.table(file, 1), directory, chronicle)) {
      Set<List<String>> orders = new HashSet<>();
      for (long seed = 1; seed <= 20; seed++) {
        List<String> order = names(FaultSchedule.of(seed, platform, null));
        assertThat(names(FaultSchedule.of(seed, platform, null))).isEqualTo(order);
        orders.add(order);
        assertThat(order)
            .containsExactlyInAnyOrder(
                "replica killed",
                "replica 10x slow",
                "replica failing fast",
                "store node killed",
                "region cut off",
                "Raft leader killed",
                "data file corrupted");
      }

      assertThat(orders).hasSizeGreaterThan(10);
    }
  }

  private static List<String> names(List<Fault> faults) {
    return faults.stream().map(Fault::name).toList();
  }
}
