package io.quorate.replication.checkpoint;

import io.quorate.core.NodeId;

/** Hears how a save gets on, on the store's event loop: must not block. */
public interface SaveProgress {
  /** Hears nothing. */
  SaveProgress NONE = new SaveProgress() {};

  /** A shard is on this node's disk; {@code done} of {@code total} are. */
  default void shardWritten(ShardInfo shard, int done, int total) {}

  /** The checkpoint exists on this node. */
  default void committed(CheckpointInfo info) {}

  /** {@code peer} holds a copy; {@code copies} nodes do, this one included. */
  default void copied(NodeId peer, int copies) {}
}
