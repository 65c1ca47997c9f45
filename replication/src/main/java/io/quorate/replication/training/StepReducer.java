package io.quorate.replication.training;

import io.quorate.core.codec.MalformedException;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * Makes the next state of a job from the results of its shards. Belongs to the thread that reduces.
 *
 * <p>Sums are taken in the order in which results are handed in, which is that of their shards and
 * never that of their arrival: addition of floats is not associative. The room for the sum is kept
 * from step to step.
 */
final class StepReducer {
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

  private final GradientCodec codec;
  private final Optimizer optimizer;
  private final TreeMap<Integer, float[]> residuals = new TreeMap<>();
  private float[] sum = new float[0];
  private long number = -1;
  private boolean spoiled;

  StepReducer(GradientCodec codec, Optimizer optimizer) {
    this.codec = codec;
    this.optimizer = optimizer;
  }

  /**
   * Adds {@code result} to the sum called {@code number}; another number than the last begins anew.
   *
   * @throws BadResultException if it is not a finite gradient; what else comes under this number is
   *     passed over
   */
  void add(long number, int parameters, ShardResult result) {
    if (number != this.number) {
      begin(number, parameters);
    }
    if (spoiled) {
      return;
    }
    try {
      codec.decodeAdd(result.gradient(), sum);
    } catch (MalformedException e) {
      spoiled = true;
      throw new BadResultException(result, e.getMessage());
    }
    if (!isFinite(sum)) {
      spoiled = true;
      throw new BadResultException(result, "the gradient has NaN or infinity");
    }
    if (result.hasResidual()) {
      residuals.put(result.shard(), result.residual());
    }
  }

  private void begin(long number, int parameters) {
    this.number = number;
    spoiled = false;
    residuals.clear();
    if (sum.length == parameters) {
      Arrays.fill(sum, 0);
    } else {
      sum = new float[parameters];
    }
  }

  /** Whether a bad result has spoiled the sum called {@code number}. */
  boolean isSpoiled(long number) {
    return spoiled && this.number == number;
  }

  /**
   * The state after a step with the sum called {@code number}, of these examples.
   *
   * @throws TrainingException if it has NaN or infinity
   */
  TrainingState finish(long number, TrainingState state, double weight) {
    if (number != this.number) {
      begin(number, state.parameters().length);
    }
    float[] parameters = state.parameters().clone();
    float[][] slots = copy(state.slots());
    if (weight > 0) {
      optimizer.apply(parameters, sum, weight, slots, state.step());
    }
    requireFinite(parameters);
    float[][] kept = state.residuals().clone();
    residuals.forEach((shard, residual) -> kept[shard] = residual);
    return new TrainingState(state.step() + 1, parameters, slots, kept, state.clocks());
  }

  /**
   * The state after an update by each result in turn.
   *
   * @throws BadResultException if one of them is not a finite gradient
   * @throws TrainingException if the state has NaN or infinity
   */
  TrainingState applyEach(TrainingState state, List<ShardResult> results) {
    float[] parameters = state.parameters().clone();
    float[][] slots = copy(state.slots());
    long[] clocks = state.clocks().clone();
    long step = state.step();
    for (ShardResult result : results) {
      begin(-1, parameters.length);
      add(-1, parameters.length, result);
      if (result.loss().weight() > 0) {
        optimizer.apply(parameters, sum, result.loss().weight(), slots, step);
      }
      step++;
      clocks[result.shard()]++;
    }
    requireFinite(parameters);
    return new TrainingState(step, parameters, slots, state.residuals(), clocks);
  }

  private void requireFinite(float[] parameters) {
    if (!isFinite(parameters)) {
      throw new TrainingException(
          "the parameters have NaN or infinity after " + optimizer.description()
              + ": its rate may be too large");
    }
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
