package io.quorate.replication.training;

import io.quorate.core.codec.MalformedException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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
      codec.decodeAdd(result.gradient().reader(), sum);
    } catch (MalformedException e) {
      spoiled = true;
      throw new BadResultException(result, e.getMessage());
    }
    if (!isFinite(sum)) {
      spoiled = true;
      throw new BadResultException(result, "the gradient has NaN or infinity");
    }
    if (result.residual().length() > 0) {
      residuals.put(result.shard(), residual(result));
    }
  }

  private float[] residual(ShardResult result) {
    float[] residual = new float[sum.length];
    try {
      codec.residualCodec().decodeAdd(result.residual().reader(), residual);
    } catch (MalformedException e) {
      spoiled = true;
      throw new BadResultException(result, e.getMessage());
    }
    if (!isFinite(residual)) {
      spoiled = true;
      throw new BadResultException(result, "the residual has NaN or infinity");
    }
    return residual;
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
   * @param spare a state that nobody needs any more: its arrays become those of the result
   * @throws TrainingException if it has NaN or infinity
   */
  TrainingState finish(
      long number, TrainingState state, double weight, Optional<TrainingState> spare) {
    if (number != this.number) {
      begin(number, state.parameters().length);
    }
    float[] parameters =
        copy(state.parameters(), spare.map(TrainingState::parameters));
    float[][] slots = copy(state.slots(), spare.map(TrainingState::slots));
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
    float[][] slots = copy(state.slots(), Optional.empty());
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
    // One NaN or infinity makes the sum of products with zero NaN, without a branch per entry. Four
    // sums, since each has to wait for the one before.
    float check0 = 0;
    float check1 = 0;
    float check2 = 0;
    float check3 = 0;
    int whole = values.length & -4;
    for (int i = 0; i < whole; i += 4) {
      check0 += values[i] * 0;
      check1 += values[i + 1] * 0;
      check2 += values[i + 2] * 0;
      check3 += values[i + 3] * 0;
    }
    for (int i = whole; i < values.length; i++) {
      check0 += values[i] * 0;
    }
    return check0 + check1 + check2 + check3 == 0;
  }

  private static float[][] copy(float[][] vectors, Optional<float[][]> into) {
    float[][] copies = new float[vectors.length][];
    for (int i = 0; i < vectors.length; i++) {
      int slot = i;
      copies[i] = copy(vectors[i], into.map(spare -> spare[slot]));
    }
    return copies;
  }

  private static float[] copy(float[] vector, Optional<float[]> into) {
    float[] copy = into.orElseGet(() -> new float[vector.length]);
    System.arraycopy(vector, 0, copy, 0, vector.length);
    return copy;
  }
}
