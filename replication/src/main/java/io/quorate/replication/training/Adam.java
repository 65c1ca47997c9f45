package io.quorate.replication.training;

/** Adam. Powers and roots by StrictMath, so that the bits are the same on every machine. */
record Adam(double rate, double beta1, double beta2, double epsilon) implements Optimizer {
  Adam {
    if (!(rate > 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("rate must be more than 0, was " + rate);
    }
  }

  @Override
  public String description() {
    return "adam rate=" + rate + " beta1=" + beta1 + " beta2=" + beta2 + " epsilon=" + epsilon;
  }

  @Override
  public int slots() {
    return 2;
  }

  @Override
  public void apply(
      float[] parameters, float[] gradientSum, double weight, float[][] state, long step) {
    float scale = (float) (1 / weight);
    float b1 = (float) beta1;
    float b2 = (float) beta2;
    double correction1 = 1 - StrictMath.pow(beta1, step + 1);
    double correction2 = 1 - StrictMath.pow(beta2, step + 1);
    float[] mean = state[0];
    float[] square = state[1];
    for (int i = 0; i < parameters.length; i++) {
      float g = gradientSum[i] * scale;
      mean[i] = b1 * mean[i] + (1 - b1) * g;
      square[i] = b2 * square[i] + (1 - b2) * g * g;
      double root = StrictMath.sqrt(square[i] / correction2);
      parameters[i] -= (float) (rate * (mean[i] / correction1) / (root + epsilon));
    }
  }
}
