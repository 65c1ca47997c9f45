package io.quorate.consensus.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The memory of one group: units in the order in which they were written. Owned by its loop. */
interface Journal {
  /** The units that were durable when the node stopped, read once before anything is appended. */
  CompletableFuture<List<byte[]>> recover();

  /**
   * Appends a unit; {@link Durable} tells when it is on disk.
   *
   * @return its number; each is one more than the last
   * @throws io.quorate.core.RefusedException if there is no room for it now; nothing was changed
   */
  long append(Effect.Persist unit);

  /**
   * Whether an append would be refused for want of room, so that nothing should be begun that needs
   * one. The same throughout each turn of the loop: what is begun meanwhile is taken.
   */
  default boolean isFull() {
    return false;
  }

  /** The number of the unit appended last; 0 if there is none. */
  long lastUnit();

  /** Forgets the units before number {@code unit}. */
  void dropBefore(long unit);

  /** Learns how far the journal is durable. Called on the group's loop. */
  interface Durable {
    /** All units up to number {@code unit} are durable. */
    void durable(long unit);

    /** The journal has stopped for good. */
    void failed(RuntimeException cause);
  }
}
