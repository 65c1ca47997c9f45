package io.quorate.replication.training;

/**
 * Turns gradients into new parameters. A pure function: equal arguments give equal bits. Stateless
 * itself; its state is handed in, because it belongs into the checkpoint.
 *
 * <p>Called by one thread of the master at a time, which is not its event loop. What it throws,
 * like parameters that are NaN or infinite afterwards, ends the job; what checkpoints hold is kept.
 */
public interface Optimizer {
  /** Name and settings; a checkpoint of another optimizer is refused. */
  String description();

  /** How many state vectors it needs, each as long as the parameters and zero at first. */
  int slots();

  /**
   * Updates {@code parameters} and {@code state} in place. Not called for a step without weight.
   * The arrays are for the call alone.
   *
   * @param parameters finite
   * @param gradientSum over all examples of the step, as long as {@code parameters} and finite; may
   *     be used as scratch space
   * @param weight the examples' weight, more than 0: divide by it for the mean
   * @param state {@link #slots} vectors
   * @param step how many steps have been done, from 0 on; without lock step, how many results
   */
  void apply(float[] parameters, float[] gradientSum, double weight, float[][] state, long step);

  /**
   * Stochastic gradient descent; keeps no state.
   *
   * @param rate more than 0 and finite
   * @throws IllegalArgumentException if it is not
   */
  static Optimizer sgd(double rate) {
    return new Momentum(rate, 0);
  }

  /**
   * Gradient descent with heavy-ball momentum; keeps one state vector.
   *
   * @param rate more than 0 and finite
   * @param momentum 0 to less than 1; with 0 it is {@link #sgd}
   * @throws IllegalArgumentException if they are not
   * @see <a href="https://proceedings.mlr.press/v28/sutskever13.html">Sutskever et al. 2013, On the
   *     importance of initialization and momentum, equations 1 and 2, whose rate is outside of the
   *     velocity here</a>
   */
  static Optimizer momentum(double rate, double momentum) {
    return new Momentum(rate, momentum);
  }

  /**
   * Nesterov's momentum: the usual outer optimizer of {@link SyncPolicy.LocalSgd}. Keeps one state
   * vector.
   *
   * @param rate more than 0 and finite
   * @param momentum 0 to less than 1
   * @throws IllegalArgumentException if they are not
   * @see <a href="https://arxiv.org/abs/2311.08105">Douillard et al. 2023, DiLoCo, algorithm 1</a>
   */
  static Optimizer nesterov(double rate, double momentum) {
    return new Nesterov(rate, momentum);
  }

  /**
   * Adam with the usual decay rates 0.9 and 0.999, and 1e-8 beside the root. Keeps two state
   * vectors.
   *
   * @param rate more than 0 and finite
   * @throws IllegalArgumentException if it is not
   * @see <a href="https://arxiv.org/abs/1412.6980">Kingma and Ba 2015, algorithm 1</a>
   */
  static Optimizer adam(double rate) {
    return new Adam(rate, 0.9, 0.999, 1e-8);
  }
}
