package io.quorate.examples.tabular;

import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.Loss;
import io.quorate.replication.training.StepContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A network of one hidden layer of rectified units, with a softmax over the labels. Pure; safe for
 * use by many threads.
 *
 * <p>Its parameters: for each feature a weight to each hidden unit, the hidden units' biases, for
 * each label a weight from each hidden unit, the labels' biases.
 *
 * @param features how many numbers a row has
 * @param hidden how many units are in between
 * @param labels how many labels there are
 */
public record TabularModel(int features, int hidden, int labels) {
  /** Room for one example on its way forth and back. */
  private record Scratch(float[] units, float[] scores, float[] back) {}

  /** How many parameters a model has. */
  public int parameters() {
    return (features + 1) * hidden + (hidden + 1) * labels;
  }

  /** Where training begins: weights by chance, of a size that keeps signals alive; no biases. */
  public float[] initial(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] parameters = new float[parameters()];
    double first = Math.sqrt(2.0 / features);
    for (int i = 0; i < features * hidden; i++) {
      parameters[i] = (float) (first * random.nextGaussian());
    }
    double second = Math.sqrt(1.0 / hidden);
    for (int i = 0; i < hidden * labels; i++) {
      parameters[output() + i] = (float) (second * random.nextGaussian());
    }
    return parameters;
  }

  private int output() {
    return (features + 1) * hidden;
  }

  /** The loss and gradient of a batch, in the form that training asks for. */
  public Loss gradient(
      float[] parameters, List<Row> batch, float[] gradientSum, StepContext context) {
    Scratch scratch = new Scratch(new float[hidden], new float[labels], new float[hidden]);
    double loss = 0;
    for (Row row : batch) {
      forth(parameters, row.features(), scratch);
      float[] scores = scratch.scores();
      loss -= StrictMath.log(Math.max(scores[row.label()], 1e-20));
      scores[row.label()] -= 1;
      back(parameters, row.features(), scratch, gradientSum);
    }
    return new Loss(loss, batch.size());
  }

  /** The probability of each label for a row with these features. */
  public float[] probabilities(float[] parameters, float[] row) {
    Scratch scratch = new Scratch(new float[hidden], new float[labels], new float[0]);
    forth(parameters, row, scratch);
    return scratch.scores();
  }

  /** The most probable label of a row with these features. */
  public int guess(float[] parameters, float[] row) {
    float[] scores = probabilities(parameters, row);
    int best = 0;
    for (int k = 1; k < labels; k++) {
      best = scores[k] > scores[best] ? k : best;
    }
    return best;
  }

  /** The share of {@code rows} whose label is guessed right. */
  public double accuracy(float[] parameters, List<Row> rows) {
    long right =
        rows.stream().filter(row -> guess(parameters, row.features()) == row.label()).count();
    return (double) right / rows.size();
  }

  /** Batches of all rows in an order of its own in each epoch, dealt out to the shards in turn. */
  public static BatchSource<List<Row>> batches(List<Row> rows, int batchSize, long seed) {
    EpochOrder order = new EpochOrder(rows.size(), seed);
    return new BatchSource<>() {
      @Override
      public List<Row> batch(long epoch, long step, int shard, int shards) {
        int[] places = order.of(epoch);
        List<Row> batch = new ArrayList<>(batchSize / shards + 1);
        for (int i = shard; i < batchSize; i += shards) {
          batch.add(rows.get(places[(int) ((step * batchSize + i) % places.length)]));
        }
        return batch;
      }

      @Override
      public long stepsPerEpoch() {
        return Math.max(1, rows.size() / batchSize);
      }
    };
  }

  /** The hidden units and the labels' probabilities. */
  private void forth(float[] p, float[] row, Scratch scratch) {
    float[] units = scratch.units();
    System.arraycopy(p, features * hidden, units, 0, hidden);
    for (int i = 0; i < features; i++) {
      addScaled(p, i * hidden, row[i], units, 0, hidden);
    }
    for (int j = 0; j < hidden; j++) {
      units[j] = Math.max(0, units[j]);
    }
    int biases = output() + hidden * labels;
    for (int k = 0; k < labels; k++) {
      scratch.scores()[k] = p[biases + k] + dot(p, output() + k * hidden, units);
    }
    softmax(scratch.scores());
  }

  /** Adds one example's gradient; {@code scratch} has its units and the error of each label. */
  private void back(float[] p, float[] row, Scratch scratch, float[] sum) {
    float[] units = scratch.units();
    float[] back = scratch.back();
    Arrays.fill(back, 0);
    int biases = output() + hidden * labels;
    for (int k = 0; k < labels; k++) {
      float error = scratch.scores()[k];
      int weights = output() + k * hidden;
      addScaled(units, 0, error, sum, weights, hidden);
      addScaled(p, weights, error, back, 0, hidden);
      sum[biases + k] += error;
    }
    for (int j = 0; j < hidden; j++) {
      back[j] = units[j] > 0 ? back[j] : 0;
    }
    for (int i = 0; i < features; i++) {
      addScaled(back, 0, row[i], sum, i * hidden, hidden);
    }
    addScaled(back, 0, 1, sum, features * hidden, hidden);
  }

  private static void softmax(float[] scores) {
    float highest = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      highest = Math.max(highest, score);
    }
    float sum = 0;
    for (int k = 0; k < scores.length; k++) {
      scores[k] = (float) StrictMath.exp(scores[k] - highest);
      sum += scores[k];
    }
    for (int k = 0; k < scores.length; k++) {
      scores[k] /= sum;
    }
  }

  private static void addScaled(
      float[] from, int fromAt, float factor, float[] to, int toAt, int count) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] += factor * from[fromAt + i];
    }
  }

  /** Four sums side by side, in an order that never changes: a processor can do them at once. */
  private static float dot(float[] a, int from, float[] b) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int whole = b.length & -4;
    for (int i = 0; i < whole; i += 4) {
      s0 += a[from + i] * b[i];
      s1 += a[from + i + 1] * b[i + 1];
      s2 += a[from + i + 2] * b[i + 2];
      s3 += a[from + i + 3] * b[i + 3];
    }
    for (int i = whole; i < b.length; i++) {
      s0 += a[from + i] * b[i];
    }
    return s0 + s1 + (s2 + s3);
  }
}
