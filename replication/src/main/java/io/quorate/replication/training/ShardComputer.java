package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.replication.training.TrainingMessage.Work;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;

/**
 * Computes the results of shards, one at a time. Keeps nothing but room: what it returned last is
 * overwritten by the next.
 */
final class ShardComputer<B> {
  /**
   * A result.
   *
   * @param bytes four bytes of the gradient's length, the gradient, perhaps the residual
   * @param crc of these bytes
   * @param residual what the codec has kept back; of a stateless codec, empty
   */
  record Computed(Loss loss, ByteWriter bytes, int crc, float[] residual) {}

  private static final float[] NONE = {};

  private final TrainingOptions options;
  private final GradientFunction<B> function;
  private final BatchSource<B> batches;
  private final float[] sum;
  /** For local steps. */
  private final float[] own;
  private final float[] way;
  private final ByteWriter out = new ByteWriter();

  ShardComputer(
      TrainingOptions options,
      int parameters,
      GradientFunction<B> function,
      BatchSource<B> batches) {
    boolean local = options.sync() instanceof SyncPolicy.LocalSgd;
    this.options = options;
    this.function = function;
    this.batches = batches;
    this.sum = new float[parameters];
    this.own = new float[local ? parameters : 0];
    this.way = new float[local ? parameters : 0];
  }

  /**
   * Computes {@code work}.
   *
   * @param residual what the codec has kept back so far; empty for a stateless codec
   * @param withResidual whether the residual is to be handed in too
   * @throws TrainingException if the gradient is not finite, or an epoch has no steps
   * @throws Exception what the gradient function throws
   */
  Computed compute(
      Work work,
      float[] model,
      float[] residual,
      boolean withResidual,
      BooleanSupplier cancelled)
      throws Exception {
    boolean local = options.sync() instanceof SyncPolicy.LocalSgd;
    float[] gradient = local ? way : sum;
    Loss loss =
        options.sync() instanceof SyncPolicy.LocalSgd steps
            ? walk(steps, work, model, cancelled)
            : gradient(work, work.step(), model, cancelled);
    if (!StepReducer.isFinite(gradient)) {
      throw new TrainingException("the gradient has NaN or infinity");
    }
    boolean stateful = options.codec().isStateful();
    if (stateful) {
      // What is left of it is kept, and is not to be overwritten.
      gradient = gradient.clone();
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] += residual[i];
      }
    }
    out.clear();
    out.int32(0);
    options.codec().encode(gradient, out);
    out.setInt32(0, out.size() - Integer.BYTES);
    if (stateful && withResidual) {
      handIn(gradient);
    }
    CRC32C crc = new CRC32C();
    crc.update(out.array(), 0, out.size());
    return new Computed(loss, out, (int) crc.getValue(), stateful ? gradient : NONE);
  }

  /** Writes {@code residual}, and goes on from what the master will read: so does a successor. */
  private void handIn(float[] residual) {
    GradientCodec codec = options.codec().residualCodec();
    int from = out.size();
    codec.encode(residual, out);
    Arrays.fill(residual, 0);
    codec.decodeAdd(new ByteReader(out.array(), from, out.size() - from), residual);
  }

  /** Puts the gradient into {@link #sum}. */
  private Loss gradient(Work work, long dataStep, float[] model, BooleanSupplier cancelled)
      throws Exception {
    long stepsPerEpoch = batches.stepsPerEpoch();
    if (stepsPerEpoch < 1) {
      throw new TrainingException("stepsPerEpoch must be at least 1, was " + stepsPerEpoch);
    }
    long epoch = dataStep / stepsPerEpoch;
    B batch = batches.batch(epoch, dataStep % stepsPerEpoch, work.shard(), options.shards());
    StepContext context =
        new StepContext(
            epoch, dataStep, work.shard(), work.attempt(), options.seed(), cancelled);
    Arrays.fill(sum, 0);
    return Objects.requireNonNull(
        function.compute(model, batch, sum, context), "the gradient function returned no loss");
  }

  /** Takes local steps; the way gone, times the weight, stands for the gradient. */
  private Loss walk(
      SyncPolicy.LocalSgd local, Work work, float[] model, BooleanSupplier cancelled)
      throws Exception {
    System.arraycopy(model, 0, own, 0, own.length);
    Optimizer steps = Optimizer.sgd(local.rate());
    Loss total = Loss.NONE;
    for (int i = 0; i < local.localSteps(); i++) {
      Loss loss = gradient(work, work.step() * local.localSteps() + i, own, cancelled);
      if (loss.weight() > 0) {
        steps.apply(own, sum, loss.weight(), new float[0][], i);
      }
      total = total.plus(loss);
    }
    float weight = (float) total.weight();
    for (int i = 0; i < way.length; i++) {
      way[i] = (model[i] - own[i]) * weight;
    }
    return total;
  }
}
