package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;

/**
 * Makes gradients small for the way to the master. A pure function of gradient and residual: equal
 * ones give equal bytes. Safe for use by many threads.
 *
 * <p>A codec with error feedback is stateful: what it leaves out it keeps in a residual, which
 * belongs to the logical shard, is added to that shard's next gradient, and is part of the
 * checkpoint: 4 bytes for each parameter and shard, there and in the memory of master and worker.
 * Without it aggressive codecs ruin the model.
 *
 * <p>All take time in proportion to the parameters. The sizes below are for many of them: a few
 * bytes for heads and blocks come on top.
 *
 * @see <a href="https://arxiv.org/abs/1809.07599">Stich et al. 2018, Sparsified SGD with memory</a>
 */
public interface GradientCodec {
  /** Name and settings; master and workers must agree, as must a checkpoint. */
  String description();

  /** Whether there is a residual; if not, what {@link #encode} leaves is forgotten. */
  boolean isStateful();

  /**
   * Writes {@code gradient}, to which the residual has been added, and leaves in {@code gradient}
   * what was not written: the new residual.
   *
   * @param gradient one finite entry for each parameter
   */
  void encode(float[] gradient, ByteWriter out);

  /**
   * Adds what was written to {@code sum}, up to the end of {@code in}.
   *
   * @param sum one entry for each parameter; what it holds after an exception does not matter
   * @throws io.quorate.core.codec.MalformedException if it is not a gradient of {@code sum.length}
   */
  void decodeAdd(ByteReader in, float[] sum);

  /**
   * How the residual travels to the master when a checkpoint is due. What this leaves out is lost,
   * in every run and not only in those that need the checkpoint: so that all have the same bits.
   * Compared by {@code equals}.
   */
  default GradientCodec residualCodec() {
    return dense();
  }

  /**
   * The same codec, whose residual travels as {@code residualCodec} writes it. Whole (the default)
   * it is many times the gradients of a step, and counts if checkpoints are frequent; rounded it
   * costs accuracy the more of them there are.
   *
   * @throws IllegalArgumentException if this codec keeps no residual
   */
  default GradientCodec withResidual(GradientCodec residualCodec) {
    return new RoundedCodec(this, residualCodec);
  }

  /** All bits: 4 bytes for each parameter. */
  static GradientCodec dense() {
    return new DenseCodec();
  }

  /**
   * Half precision (IEEE 754 binary16), to the nearest, without feedback: 2 bytes for each
   * parameter. What is larger than 65,504 becomes 65,504.
   */
  static GradientCodec fp16() {
    return new HalfCodec();
  }

  /**
   * 8 bits in blocks of 256 with a scale each, with error feedback: 1 byte for each parameter.
   *
   * @see <a href="https://arxiv.org/abs/1610.02132">Alistarh et al. 2017, QSGD, whose buckets these
   *     blocks are; rounded to the nearest here, not by chance</a>
   */
  static GradientCodec int8() {
    return new Int8Codec();
  }

  /**
   * The largest entries alone, as gaps and half-precision values, with error feedback: 3 bytes for
   * each that is sent, and one more for a gap of 128 or more.
   *
   * @param share of the entries, more than 0 to 1; 0.01 to 0.05 is usual
   * @throws IllegalArgumentException if it is not
   * @see <a href="https://arxiv.org/abs/1712.01887">Lin et al. 2018, Deep gradient compression,
   *     without its momentum correction</a>
   */
  static GradientCodec topK(double share) {
    return new TopKCodec(share);
  }

  /**
   * Signs in blocks of 256 with a mean size each, with error feedback: a bit for each parameter.
   *
   * @see <a href="https://arxiv.org/abs/1901.09847">Karimireddy et al. 2019, Error feedback fixes
   *     signSGD</a>
   */
  static GradientCodec oneBit() {
    return new OneBitCodec();
  }
}
