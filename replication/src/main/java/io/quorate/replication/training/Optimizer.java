package io.quorate.replication.training;

/**
 * Turns gradients into new parameters. A pure function: equal arguments give equal bits. Stateless
 * itself; its state is handed in, because it belongs into the checkpoint.
 */
public interface Optimizer {
  /** Name and settings; a checkpoint of another optimizer is refused. */
  String description();

  /** State vectors it needs, each as long as the parameters and zero at first. */
  int slots();

  /**
   * Updates {@code parameters} and {@code state} in place.
   *
   * @param gradientSum over all examples of the step; may be used as scratch space
   * @param weight the examples' weight, more than 0
   * @param step from 0 on
   */
  void apply(float[] parameters, float[] gradientSum, double weight, float[][] state, long step);

  /** Stochastic gradient descent. */
  static Optimizer sgd(double rate) {
    return new Momentum(rate, 0);
  }

  /**
   * Gradient descent with heavy-ball momentum.
   *
   * @param rate more than 0
   * @param momentum 0 to less than 1
   */
  static Optimizer momentum(double rate, double momentum) {
    return new Momentum(rate, momentum);
  }

  /**
   * Nesterov's momentum: the usual outer optimizer of {@link SyncPolicy.LocalSgd}.
   *
   * @param rate more than 0
   * @param momentum 0 to less than 1
   */
  static Optimizer nesterov(double rate, double momentum) {
    return new Nesterov(rate, momentum);
  }

  /**
   * Adam with the usual decay rates 0.9 and 0.999.
   *
   * @see <a href="https://arxiv.org/abs/1412.6980">Kingma and Ba 2015, algorithm 1</a>
   */
  static Optimizer adam(double rate) {
    return new Adam(rate, 0.9, 0.999, 1e-8);
  }
}
