package io.quorate.replication.training;

import io.quorate.core.codec.MalformedException;
import java.util.List;

/**
 * Makes the next state of a job from the results of its shards. Pure. Sums are taken in shard order,
 * never in order of arrival: addition of floats is not associative.
 */
record StepReducer(GradientCodec codec, Optimizer optimizer) {
  /** A result that spoils the step. */
  static final class BadResultException extends RuntimeException {
    private final transient ShardResult result;

    BadResultException(ShardResult result, String problem) {
      super(problem);
      this.result = result;
    }

    ShardResult result() {
      return result;
    }
  }

  /**
   * The state after the step.
   *
   * @param results sorted by shard; at least one
   * @throws BadResultException if one of them is not a finite gradient
   */
  TrainingState reduce(TrainingState state, List<ShardResult> results) {
    float[] sum = new float[state.parameters().length];
    Loss loss = Loss.NONE;
    for (ShardResult result : results) {
      add(result, sum);
      loss = loss.plus(result.loss());
    }
    if (!isFinite(sum)) {
      throw blame(results, sum.length);
    }
    float[] parameters = state.parameters().clone();
    float[][] slots = copy(state.slots());
    if (loss.weight() > 0) {
      optimizer.apply(parameters, sum, loss.weight(), slots, state.step());
    }
    float[][] residuals = state.residuals().clone();
    for (ShardResult result : results) {
      if (result.hasResidual()) {
        residuals[result.shard()] = result.residual();
      }
    }
    return new TrainingState(state.step() + 1, parameters, slots, residuals);
  }

  private void add(ShardResult result, float[] sum) {
    try {
      codec.decodeAdd(result.gradient(), sum);
    } catch (MalformedException e) {
      throw new BadResultException(result, e.getMessage());
    }
  }

  private BadResultException blame(List<ShardResult> results, int length) {
    for (ShardResult result : results) {
      float[] alone = new float[length];
      add(result, alone);
      if (!isFinite(alone)) {
        return new BadResultException(result, "the gradient has NaN or infinity");
      }
    }
    return new BadResultException(results.get(0), "the sum of the gradients overflows");
  }

  static boolean isFinite(float[] values) {
    // One NaN or infinity makes the sum of products with zero NaN, without a branch per entry.
    float check = 0;
    for (float value : values) {
      check += value * 0;
    }
    return check == 0;
  }

  private static float[][] copy(float[][] vectors) {
    float[][] copies = new float[vectors.length][];
    for (int i = 0; i < vectors.length; i++) {
      copies[i] = vectors[i].clone();
    }
    return copies;
  }
}
