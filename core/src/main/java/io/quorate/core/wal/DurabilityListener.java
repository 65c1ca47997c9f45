package io.quorate.core.wal;

import io.quorate.core.storage.StorageException;

/** Learns how far a {@link WriteAheadLog} is durable; called on the event loop it was given for. */
public interface DurabilityListener {
  /**
   * All records that end at or before {@code position} are durable. Called at most once per synced
   * batch, with ever higher positions; positions in between are not told.
   */
  void durable(long position);

  /**
   * The log has stopped for good: what was not durable may be lost or not. Called once, the last
   * call of all.
   */
  void failed(StorageException cause);
}
