/**
 * Saved training state that cannot be lost or half read. {@link
 * io.quorate.replication.checkpoint.CheckpointStore} is the door: it saves the shards of a step all
 * or none, verifies what it loads, falls back to the newest good one, and keeps copies on peers.
 */
package io.quorate.replication.checkpoint;
