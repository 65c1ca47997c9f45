package io.quorate.examples.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.quorate.replication.training.BatchSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TabularModelTest {
  private final TabularModel model = new TabularModel(5, 7, 3);

  @Test
  void the_letter_network_has_11034_parameters() {
    assertThat(new TabularModel(16, 256, 26).parameters()).isEqualTo(11_034);
  }

  @Test
  void the_gradient_is_the_slope_of_the_loss() {
    List<Row> rows = rows(4);
    float[] parameters = model.initial(3);
    float[] gradient = new float[model.parameters()];
    model.gradient(parameters, rows, gradient, null);

    for (int i = 0; i < parameters.length; i++) {
      float step = 1e-2f;
      float[] above = parameters.clone();
      float[] below = parameters.clone();
      above[i] += step;
      below[i] -= step;
      double slope = (loss(above, rows) - loss(below, rows)) / (above[i] - below[i]);
      assertThat((double) gradient[i]).as("parameter %d", i).isCloseTo(slope, within(2e-2));
    }
  }

  private double loss(float[] parameters, List<Row> rows) {
    return model.gradient(parameters, rows, new float[model.parameters()], null).sum();
  }

  @Test
  void an_epoch_has_every_row_once_whatever_the_shards_and_each_epoch_its_own_order() {
    List<Row> rows = rows(24);
    BatchSource<List<Row>> batches = TabularModel.batches(rows, 8, 1);

    assertThat(batches.stepsPerEpoch()).isEqualTo(3);
    assertThat(new TreeSet<>(texts(batches, 0, 3))).hasSize(24);
    assertThat(texts(batches, 0, 1)).isEqualTo(texts(TabularModel.batches(rows, 8, 1), 0, 1));
    assertThat(texts(batches, 0, 1)).isNotEqualTo(texts(batches, 1, 1));
    assertThat(texts(batches, 0, 1)).isNotEqualTo(texts(TabularModel.batches(rows, 8, 2), 0, 1));
  }

  private static List<String> texts(BatchSource<List<Row>> batches, long epoch, int shards) {
    List<String> texts = new ArrayList<>();
    for (long step = 0; step < batches.stepsPerEpoch(); step++) {
      for (int shard = 0; shard < shards; shard++) {
        batches.batch(epoch, step, shard, shards).forEach(row -> texts.add(row.text()));
      }
    }
    return texts;
  }

  private static List<Row> rows(int count) {
    SplittableRandom random = new SplittableRandom(7);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] features = new float[5];
      for (int k = 0; k < 5; k++) {
        features[k] = (float) random.nextGaussian();
      }
      rows.add(new Row("row " + i, i % 3, features));
    }
    return rows;
  }
}
