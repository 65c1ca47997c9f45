package io.quorate.examples.tabular;

import java.util.List;

/**
 * Makes the mean of each column 0 and its standard deviation 1, as they are among the rows for
 * training.
 *
 * @param means by column
 * @param factors by column: one over the standard deviation, 1 for a column that never changes
 */
public record Scaling(float[] means, float[] factors) {
  static Scaling of(List<float[]> rows) {
    int columns = rows.get(0).length;
    float[] means = new float[columns];
    float[] factors = new float[columns];
    for (int column = 0; column < columns; column++) {
      double sum = 0;
      double squares = 0;
      for (float[] row : rows) {
        sum += row[column];
        squares += (double) row[column] * row[column];
      }
      double mean = sum / rows.size();
      double variance = squares / rows.size() - mean * mean;
      means[column] = (float) mean;
      factors[column] = variance > 1e-12 ? (float) (1 / Math.sqrt(variance)) : 1;
    }
    return new Scaling(means, factors);
  }

  float[] apply(float[] numbers) {
    float[] scaled = new float[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      scaled[i] = (numbers[i] - means[i]) * factors[i];
    }
    return scaled;
  }
}
