package io.quorate.examples.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.tabular.Row;
import io.quorate.replication.training.GradientCodec;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Goal T4. As a main it prints how long a successor takes: {@code [ROUNDS]}. */
class FailoverTest {
  private static final long STEPS = 60;
  private static final long KILLED_AFTER = 22;

  @Test
  void the_elected_successor_of_a_killed_master_ends_in_the_same_bits(@TempDir Path directory)
      throws Exception {
    Task<Row> task = Task.table(TaskTest.striped(directory), 1);
    TrainingOptions options = options(task);
    String undisturbed =
        Cluster.train(
                options,
                task.optimizer(options),
                task.initial(),
                STEPS,
                task.batches(),
                List.of(task.gradient()),
                false)
            .report()
            .digest();

    assertThat(run(task, directory.resolve("cluster"), new long[2]).digest())
        .isEqualTo(undisturbed);
  }

  private static TrainingOptions options(Task<Row> task) {
    return Failover.options(
        TrainingOptions.of("failover", task.model(), 8, 1).withCodec(GradientCodec.topK(0.1)), 5);
  }

  private static TrainingReport run(Task<Row> task, Path directory, long[] nanos)
      throws Exception {
    TrainingOptions options = options(task);
    try (Failover<List<Row>> cluster =
        new Failover<>(
            directory,
            options,
            task.optimizer(options),
            task.initial(),
            STEPS,
            task.batches(),
            task.gradient())) {
      Failover.Step step = cluster.nextStep();
      while (step.stats().step() < KILLED_AFTER) {
        step = cluster.nextStep();
      }
      long[] times = cluster.kill(step.master(), step.stats().step());
      System.arraycopy(times, 0, nanos, 0, times.length);
      return cluster.report();
    }
  }

  public static void main(String[] args) throws Exception {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 10;
    try (TemporaryDirectory directory = TemporaryDirectory.create("quorate-failover")) {
      Task<Row> task = Task.table(TaskTest.striped(directory.path()), 1);
      System.out.println("| first step of the successor, ms | first step that is new, ms |");
      for (int round = 0; round < rounds; round++) {
        long[] nanos = new long[2];
        run(task, directory.path().resolve("run-" + round), nanos);
        System.out.printf(Locale.ROOT, "| %.0f | %.0f |%n", nanos[0] / 1e6, nanos[1] / 1e6);
      }
    }
  }
}
