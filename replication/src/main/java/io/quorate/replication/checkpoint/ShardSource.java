package io.quorate.replication.checkpoint;

import java.io.IOException;
import java.io.OutputStream;

/** The bytes of one shard, such as one tensor partition of a model. */
@FunctionalInterface
public interface ShardSource {
  /**
   * Writes all of the shard. Called once, on a blocking executor, while training goes on: what it
   * reads must be a snapshot that no longer changes.
   *
   * @throws IOException if the shard cannot be read; the save then fails as a whole
   */
  void writeTo(OutputStream out) throws IOException;

  /** A shard of {@code bytes}, which are not copied: do not modify. */
  static ShardSource of(byte[] bytes) {
    return out -> out.write(bytes);
  }
}
