package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;

/**
 * What a worker made of one shard in one step.
 *
 * @param bytes the encoded gradient, then the residual unless {@code residualAt} is the end
 * @param residualAt where the residual begins
 */
record ShardResult(
    int shard, NodeId worker, Loss loss, int crc, byte[] bytes, int residualAt) {

  ByteReader gradient() {
    return new ByteReader(bytes, 0, residualAt);
  }

  float[] residual() {
    return TrainingState.floats(
        new ByteReader(bytes, residualAt, bytes.length - residualAt)
            .bytes(bytes.length - residualAt));
  }

  boolean hasResidual() {
    return residualAt < bytes.length;
  }
}
