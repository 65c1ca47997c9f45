package io.quorate.replication.training;

import io.quorate.core.codec.ByteWriter;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.function.BooleanSupplier;

/** Computes one shard's result in one step. Keeps nothing; safe for use by many threads. */
record ShardComputer<B>(
    TrainingOptions options,
    int parameters,
    GradientFunction<B> function,
    BatchSource<B> batches) {

  /**
   * A result.
   *
   * @param bytes four bytes of the gradient's length, the gradient, perhaps the residual
   * @param residual what the codec has kept back
   */
  record Computed(Loss loss, byte[] bytes, float[] residual) {}

  /**
   * Computes {@code work}.
   *
   * @param residual what the codec has kept back so far; empty for a stateless codec
   * @param withResidual whether the residual is to be handed in too
   * @throws TrainingException if the gradient is not finite
   * @throws Exception what the gradient function throws
   */
  Computed compute(
      Work work,
      float[] model,
      float[] residual,
      boolean withResidual,
      BooleanSupplier cancelled)
      throws Exception {
    float[] gradient = new float[parameters];
    Loss loss =
        options.sync() instanceof SyncPolicy.LocalSgd local
            ? walk(local, work, model, gradient, cancelled)
            : gradient(work, work.step(), model, gradient, cancelled);
    if (!StepReducer.isFinite(gradient)) {
      throw new TrainingException("the gradient has NaN or infinity");
    }
    boolean stateful = options.codec().isStateful();
    if (stateful) {
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] += residual[i];
      }
    }
    ByteWriter out = new ByteWriter();
    out.int32(0);
    options.codec().encode(gradient, out);
    out.setInt32(0, out.size() - Integer.BYTES);
    if (stateful && withResidual) {
      out.bytes(TrainingState.bytes(gradient));
    }
    return new Computed(loss, out.toByteArray(), stateful ? gradient : new float[0]);
  }

  private Loss gradient(
      Work work, long dataStep, float[] model, float[] sum, BooleanSupplier cancelled)
      throws Exception {
    long epoch = dataStep / batches.stepsPerEpoch();
    long stepOfEpoch = dataStep % batches.stepsPerEpoch();
    B batch = batches.batch(epoch, stepOfEpoch, work.shard(), options.shards());
    StepContext context =
        new StepContext(
            epoch, dataStep, work.shard(), work.attempt(), options.seed(), cancelled);
    return function.compute(model, batch, sum, context);
  }

  /** Local steps; the way gone, times the weight, stands for the gradient. */
  private Loss walk(
      SyncPolicy.LocalSgd local,
      Work work,
      float[] model,
      float[] gradient,
      BooleanSupplier cancelled)
      throws Exception {
    float[] own = model.clone();
    Optimizer steps = Optimizer.sgd(local.rate());
    Loss total = Loss.NONE;
    for (int i = 0; i < local.localSteps(); i++) {
      float[] sum = new float[parameters];
      Loss loss = gradient(work, work.step() * local.localSteps() + i, own, sum, cancelled);
      if (loss.weight() > 0) {
        steps.apply(own, sum, loss.weight(), new float[0][], i);
      }
      total = total.plus(loss);
    }
    float weight = (float) total.weight();
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = (model[i] - own[i]) * weight;
    }
    return total;
  }
}
