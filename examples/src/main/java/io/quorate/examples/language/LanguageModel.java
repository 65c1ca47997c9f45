package io.quorate.examples.language;

import io.quorate.examples.language.LanguageNames.Example;
import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.Loss;
import io.quorate.replication.training.StepContext;
import java.util.ArrayList;
import java.util.List;

/**
 * Softmax regression over n-grams: one weight for each pair of feature and language, and one for each
 * language. Pure; safe for use by many threads.
 *
 * @param languages how many there are
 */
public record LanguageModel(int languages) {
  /** How many parameters a model has. */
  public int parameters() {
    return (Ngrams.FEATURES + 1) * languages;
  }

  /** The loss and gradient of a batch, in the form that training asks for. */
  public Loss gradient(
      float[] parameters, List<Example> batch, float[] gradientSum, StepContext context) {
    float[] scores = new float[languages];
    double loss = 0;
    for (Example example : batch) {
      probabilities(parameters, example.features(), scores);
      loss -= StrictMath.log(Math.max(scores[example.label()], 1e-20));
      scores[example.label()] -= 1;
      float scale = scale(example.features());
      for (int feature : example.features()) {
        int row = feature * languages;
        for (int k = 0; k < languages; k++) {
          gradientSum[row + k] += scores[k] * scale;
        }
      }
      int bias = Ngrams.FEATURES * languages;
      for (int k = 0; k < languages; k++) {
        gradientSum[bias + k] += scores[k];
      }
    }
    return new Loss(loss, batch.size());
  }

  /** The most probable language of {@code text} and its probability. */
  public Guess guess(float[] parameters, int[] features) {
    float[] scores = probabilities(parameters, features);
    int best = 0;
    for (int k = 1; k < languages; k++) {
      best = scores[k] > scores[best] ? k : best;
    }
    return new Guess(best, scores[best]);
  }

  /** The probability of each language. */
  public float[] probabilities(float[] parameters, int[] features) {
    float[] scores = new float[languages];
    probabilities(parameters, features, scores);
    return scores;
  }

  /** The share of {@code examples} whose language is guessed right. */
  public double accuracy(float[] parameters, List<Example> examples) {
    long right =
        examples.stream()
            .filter(x -> guess(parameters, x.features()).label() == x.label())
            .count();
    return (double) right / examples.size();
  }

  /**
   * A guess.
   *
   * @param label the index of a language
   * @param probability 0 to 1
   */
  public record Guess(int label, float probability) {}

  /** Batches of all examples in another order in each epoch, dealt out to the shards in turn. */
  public static BatchSource<List<Example>> batches(List<Example> examples, int batchSize) {
    long steps = Math.max(1, examples.size() / batchSize);
    return new BatchSource<>() {
      @Override
      public List<Example> batch(long epoch, long step, int shard, int shards) {
        List<Example> batch = new ArrayList<>(batchSize / shards + 1);
        for (int i = shard; i < batchSize; i += shards) {
          batch.add(examples.get(shuffled(epoch, step * batchSize + i)));
        }
        return batch;
      }

      /** A permutation for each epoch: multiplication by a prime that does not divide the size. */
      private int shuffled(long epoch, long position) {
        long stride = examples.size() % 7_919 == 0 ? 7_907 : 7_919;
        return (int) Math.floorMod((position + epoch * 104_729) * stride, (long) examples.size());
      }

      @Override
      public long stepsPerEpoch() {
        return steps;
      }
    };
  }

  private void probabilities(float[] parameters, int[] features, float[] scores) {
    System.arraycopy(parameters, Ngrams.FEATURES * languages, scores, 0, languages);
    float scale = scale(features);
    for (int feature : features) {
      int row = feature * languages;
      for (int k = 0; k < languages; k++) {
        scores[k] += parameters[row + k] * scale;
      }
    }
    float highest = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      highest = Math.max(highest, score);
    }
    float sum = 0;
    for (int k = 0; k < languages; k++) {
      scores[k] = (float) StrictMath.exp(scores[k] - highest);
      sum += scores[k];
    }
    for (int k = 0; k < languages; k++) {
      scores[k] /= sum;
    }
  }

  /** Long and short names weigh the same. */
  private static float scale(int[] features) {
    return features.length == 0 ? 0 : (float) (1 / Math.sqrt(features.length));
  }
}
