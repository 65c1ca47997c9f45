package io.quorate.examples.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.tabular.Row;
import io.quorate.replication.training.SyncPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskTest {
  @Test
  void a_table_is_learned_and_a_row_is_guessed_from_its_text(@TempDir Path directory)
      throws Exception {
    Task<Row> task = Task.table(striped(directory), 1);
    float[] parameters = task.initial().clone();
    for (long step = 0; step < task.steps(20, new SyncPolicy.FullSync()); step++) {
      float[] sum = new float[parameters.length];
      double weight =
          task.gradient()
              .compute(parameters, task.batches().batch(step / 2, step % 2, 0, 1), sum, null)
              .weight();
      for (int i = 0; i < sum.length; i++) {
        parameters[i] -= (float) (task.rate() / weight) * sum[i];
      }
    }

    assertThat(task.batches().stepsPerEpoch()).isEqualTo(2);
    assertThat(task.accuracy(task.initial())).isLessThan(0.8);
    assertThat(task.accuracy(parameters)).isGreaterThan(0.9);
    float[] probabilities = task.judgement().probabilities(parameters, "0.95,0.05");
    assertThat(task.labels().get(Task.mostProbable(probabilities))).isEqualTo("more");
  }

  /** 800 points, labelled by which coordinate is larger. */
  static Path striped(Path directory) throws Exception {
    SplittableRandom random = new SplittableRandom(5);
    StringBuilder text = new StringBuilder("label,x,y\n");
    for (int i = 0; i < 800; i++) {
      double x = random.nextDouble();
      double y = random.nextDouble();
      text.append(x > y ? "more" : "less").append(',').append(x).append(',').append(y).append('\n');
    }
    return Files.writeString(directory.resolve("points.csv"), text);
  }
}
