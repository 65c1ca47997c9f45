package io.quorate.replication.training;

/** v = momentum v + g; p = p - rate (g + momentum v). */
record Nesterov(double rate, double momentum) implements Optimizer {
  Nesterov {
    if (!(rate > 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("rate must be more than 0, was " + rate);
    }
    if (!(momentum >= 0 && momentum < 1)) {
      throw new IllegalArgumentException("momentum must be 0 to less than 1, was " + momentum);
    }
  }

  @Override
  public String description() {
    return "nesterov rate=" + rate + " momentum=" + momentum;
  }

  @Override
  public int slots() {
    return 1;
  }

  @Override
  public void apply(
      float[] parameters, float[] gradientSum, double weight, float[][] state, long step) {
    float scale = (float) (1 / weight);
    float by = (float) rate;
    float keep = (float) momentum;
    float[] velocity = state[0];
    for (int i = 0; i < parameters.length; i++) {
      float g = gradientSum[i] * scale;
      velocity[i] = keep * velocity[i] + g;
      parameters[i] -= by * (g + keep * velocity[i]);
    }
  }
}
