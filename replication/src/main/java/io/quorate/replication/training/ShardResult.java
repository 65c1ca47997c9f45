package io.quorate.replication.training;

import io.quorate.core.NodeId;

/**
 * What a worker made of one shard in one step.
 *
 * @param gradient as encoded
 * @param residual what the codec has kept back, as encoded; empty if it was not handed in
 */
record ShardResult(
    int shard, NodeId worker, Loss loss, int crc, Slice gradient, Slice residual) {
  /** Bytes of what was handed in. */
  int bytes() {
    return gradient.length() + residual.length();
  }
}
