package io.quorate.replication.training;

import java.util.concurrent.CompletableFuture;

/**
 * The parameters of one version of the state, as this worker has them. Counts the lanes that need
 * them: when there is none, their room may be used for the next. Belongs to the worker's event loop.
 */
final class SharedModel {
  private final long term;
  private final long version;
  private final float[] values;
  private final CompletableFuture<float[]> arrived;
  private int users;

  /**
   * Parameters that are on their way into {@code values}.
   *
   * @param arrived completes when nothing more will be written there
   */
  SharedModel(long term, long version, float[] values, CompletableFuture<float[]> arrived) {
    this.term = term;
    this.version = version;
    this.values = values;
    this.arrived = arrived;
  }

  /** What a worker has before it has any; never free. */
  static SharedModel none() {
    return new SharedModel(-1, -1, new float[0], new CompletableFuture<>());
  }

  /** Whether these are the parameters of that version, or will be. */
  boolean isOf(long term, long version) {
    return this.term == term && this.version == version && !arrived.isCompletedExceptionally();
  }

  CompletableFuture<float[]> arrived() {
    return arrived;
  }

  float[] values() {
    return values;
  }

  void use() {
    users++;
  }

  void release() {
    users--;
  }

  /** Whether nobody reads or writes {@link #values}. */
  boolean isFree() {
    return users == 0 && arrived.isDone();
  }
}
