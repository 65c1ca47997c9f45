package io.quorate.replication.training;

/**
 * The model, as training sees it: computes gradients of the loss over one batch.
 *
 * <p>Must be a pure function of its arguments: equal arguments give equal bits. All chance comes
 * from {@link StepContext#random}. It may be computed twice, on two machines; one answer counts.
 */
@FunctionalInterface
public interface GradientFunction<B> {
  /**
   * Adds the sum, not the mean, of the gradients of the batch's examples to {@code gradientSum}.
   *
   * @param parameters not to be modified
   * @param gradientSum as long as {@code parameters}; all zeros at first
   * @return the sum of the examples' losses and weights
   * @throws Exception fails the step, naming this worker and shard
   */
  Loss compute(float[] parameters, B batch, float[] gradientSum, StepContext context)
      throws Exception;
}
