package io.quorate.resilience;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** A load of one key of a {@link StaleCache}: under way, or failed and remembered for a while. */
final class Load<V> {
  final CompletableFuture<V> future = new CompletableFuture<>();
  /** Set by the one who ends it. */
  final AtomicBoolean over = new AtomicBoolean();

  // Written before the future completes, read after.
  int failures;
  long endedNanos;
  long pauseNanos;

  Load(int failures) {
    this.failures = failures;
  }

  boolean isOver() {
    return future.isDone();
  }

  /** Whether it has failed so short a time ago that another load would be too early. */
  boolean isPausing(long nowNanos) {
    long elapsedNanos = nowNanos - endedNanos;
    // A clock that has stepped back must not make the pause longer.
    return future.isCompletedExceptionally() && elapsedNanos >= 0 && elapsedNanos < pauseNanos;
  }
}
