package io.quorate.replication.training;

/**
 * The model, as training sees it: computes gradients of the loss over one batch.
 *
 * <p>Must be a pure function of its arguments: equal arguments give equal bits. All chance comes
 * from {@link StepContext#random}. It may be computed twice, on two machines; one answer counts.
 *
 * <p>Called by as many threads of a worker at once as it has lanes ({@code parallelism} of {@link
 * TrainingWorker#start}), each with arrays of its own but for the parameters.
 *
 * @param <B> a batch, as {@link BatchSource} makes it
 */
@FunctionalInterface
public interface GradientFunction<B> {
  /**
   * Adds the sum, not the mean, of the gradients of the batch's examples to {@code gradientSum}.
   *
   * @param parameters all of them, shared by the worker's lanes: not to be modified, and not to be
   *     read after the call
   * @param batch of {@link StepContext#shard}; without examples, nothing is added
   * @param gradientSum as long as {@code parameters}; all zeros at first. An entry that is NaN or
   *     infinite at the end is a failure. Not to be used after the call
   * @param context where in the training this is, and whether it is still wanted
   * @return the sums of the examples' losses and of their weights; {@link Loss#NONE} if there are
   *     no examples
   * @throws Exception this work has failed and had no effect: the master hears which worker, step
   *     and shard, and gives it away again, until it has failed {@link
   *     TrainingOptions.Limits#maxFailures} times. An {@link Error} counts as well
   */
  Loss compute(float[] parameters, B batch, float[] gradientSum, StepContext context)
      throws Exception;
}
