package io.quorate.examples.platform;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.replication.checkpoint.CheckpointInfo;

/**
 * The message that says which model is the newest.
 *
 * @param version from 1 on
 * @param step how far it was trained
 * @param sha256 of its parameters
 */
record ModelUpdated(long version, long step, String sha256) {
  /** The shard of a checkpoint that a model's parameters are in. */
  static final String PARAMETERS = "parameters";

  private static final int FORMAT = 1;

  static ModelUpdated of(long version, CheckpointInfo checkpoint) {
    return new ModelUpdated(version, checkpoint.step(), checkpoint.shard(PARAMETERS).sha256());
  }

  /** Whether {@code checkpoint} holds this model. */
  boolean isOf(CheckpointInfo checkpoint) {
    return checkpoint.step() == step && checkpoint.shard(PARAMETERS).sha256().equals(sha256);
  }

  byte[] encode() {
    return new ByteWriter().int8(FORMAT).varint(version).varint(step).text(sha256).toByteArray();
  }

  static ModelUpdated decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    if (in.uint8() != FORMAT) {
      throw in.malformed("not a model.updated of format " + FORMAT);
    }
    return new ModelUpdated(in.varint(), in.varint(), in.text());
  }
}
