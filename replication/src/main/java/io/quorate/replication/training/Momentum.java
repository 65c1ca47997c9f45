package io.quorate.replication.training;

/** v = momentum v + g; p = p - rate v. Without momentum it keeps no state. */
record Momentum(double rate, double momentum) implements Optimizer {
  Momentum {
    if (!(rate > 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("rate must be more than 0, was " + rate);
    }
    if (!(momentum >= 0 && momentum < 1)) {
      throw new IllegalArgumentException("momentum must be 0 to less than 1, was " + momentum);
    }
  }

  @Override
  public String description() {
    return momentum == 0 ? "sgd rate=" + rate : "momentum rate=" + rate + " momentum=" + momentum;
  }

  @Override
  public int slots() {
    return momentum == 0 ? 0 : 1;
  }

  @Override
  public void apply(
      float[] parameters, float[] gradientSum, double weight, float[][] state, long step) {
    float scale = (float) (1 / weight);
    float by = (float) rate;
    if (momentum == 0) {
      for (int i = 0; i < parameters.length; i++) {
        parameters[i] -= by * (gradientSum[i] * scale);
      }
      return;
    }
    float keep = (float) momentum;
    float[] velocity = state[0];
    for (int i = 0; i < parameters.length; i++) {
      velocity[i] = keep * velocity[i] + gradientSum[i] * scale;
      parameters[i] -= by * velocity[i];
    }
  }
}
