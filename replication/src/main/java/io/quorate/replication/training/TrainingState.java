package io.quorate.replication.training;

import io.quorate.core.codec.ByteWriter;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Everything that decides how training goes on after a number of steps. Arrays are not copied;
 * whoever makes the next state leaves them as they are.
 *
 * @param step steps done; without lock step, results that have counted
 * @param parameters the model
 * @param slots the optimizer's state vectors
 * @param residuals by shard, what the codec has kept back; empty for a stateless codec
 * @param clocks by shard, the steps that count; empty in lock step
 */
record TrainingState(
    long step, float[] parameters, float[][] slots, float[][] residuals, long[] clocks) {
  /** A state in lock step. */
  TrainingState(long step, float[] parameters, float[][] slots, float[][] residuals) {
    this(step, parameters, slots, residuals, new long[0]);
  }

  static TrainingState initial(float[] parameters, int slots, int residuals) {
    return new TrainingState(
        0,
        parameters.clone(),
        new float[slots][parameters.length],
        new float[residuals][parameters.length]);
  }

  /** The state at the begin of a job. */
  static TrainingState initial(TrainingOptions options, Optimizer optimizer, float[] parameters) {
    TrainingState state =
        initial(
            parameters, optimizer.slots(), options.codec().isStateful() ? options.shards() : 0);
    long[] clocks = new long[options.sync().isLockStep() ? 0 : options.shards()];
    return new TrainingState(0, state.parameters(), state.slots(), state.residuals(), clocks);
  }

  /** Vector 0 is the parameters; 1 + s is the residual of shard s. */
  float[] vector(int index) {
    return index == 0 ? parameters : residuals[index - 1];
  }

  /** SHA-256 over step, parameters and optimizer state, as lower-case hex. */
  String digest() {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(new ByteWriter(Long.BYTES).int64(step).toByteArray());
      sha.update(bytes(parameters));
      for (float[] slot : slots) {
        sha.update(bytes(slot));
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static byte[] bytes(float[] values) {
    return bytes(values, 0, values.length);
  }

  /** Big-endian, like the rest of our formats. */
  static byte[] bytes(float[] values, int from, int count) {
    ByteBuffer out = ByteBuffer.allocate(Float.BYTES * count);
    out.asFloatBuffer().put(values, from, count);
    return out.array();
  }

  static float[] floats(byte[] bytes) {
    FloatBuffer in = ByteBuffer.wrap(bytes).asFloatBuffer();
    float[] values = new float[in.remaining()];
    in.get(values);
    return values;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TrainingState that
        && step == that.step
        && Arrays.equals(parameters, that.parameters)
        && Arrays.deepEquals(slots, that.slots)
        && Arrays.deepEquals(residuals, that.residuals)
        && Arrays.equals(clocks, that.clocks);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(step) * 31 + Arrays.hashCode(parameters);
  }
}
