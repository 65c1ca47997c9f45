package io.quorate.consensus.store;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * The latest changes, for watchers that begin in the past, and the watchers. What was forgotten is
 * reported as a gap. Not part of the replicated state.
 */
final class RecentChanges {
  private static final int OVERHEAD_BYTES = 64;

  /** A watcher and how far it has got. */
  final class Watcher {
    private final Consumer<Happening> onChange;
    private final Consumer<Long> onGap;
    private boolean closed;

    private Watcher(Consumer<Happening> onChange, Consumer<Long> onGap) {
      this.onChange = onChange;
      this.onGap = onGap;
    }

    void close() {
      closed = true;
      watchers =
          Arrays.stream(watchers).filter(other -> other != this).toArray(Watcher[]::new);
    }
  }

  private final long maxBytes;
  private final Deque<Happening> changes = new ArrayDeque<>();
  /** Replaced, never changed, so that a watcher may close itself or another while it is told. */
  private Watcher[] watchers = {};
  private long bytes;
  /** Everything from here on is in {@link #changes}. */
  private long completeFrom = 1;

  RecentChanges(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  void add(Happening change) {
    changes.addLast(change);
    bytes += size(change);
    while (bytes > maxBytes) {
      Happening oldest = changes.pollFirst();
      bytes -= size(oldest);
      completeFrom = oldest.index() + 1;
    }
    for (Watcher watcher : watchers) {
      if (!watcher.closed) {
        watcher.onChange.accept(change);
      }
    }
  }

  /** Has {@code onChange} told of all changes from {@code fromIndex} on, the past ones at once. */
  Watcher watch(long fromIndex, Consumer<Happening> onChange, Consumer<Long> onGap) {
    Watcher watcher = new Watcher(onChange, onGap);
    if (fromIndex < completeFrom) {
      onGap.accept(completeFrom);
    }
    for (Happening change : List.copyOf(changes)) {
      if (change.index() >= Math.max(fromIndex, completeFrom) && !watcher.closed) {
        onChange.accept(change);
      }
    }
    if (!watcher.closed) {
      watchers = Arrays.copyOf(watchers, watchers.length + 1);
      watchers[watchers.length - 1] = watcher;
    }
    return watcher;
  }

  /** The state has jumped to {@code index}: what led there is not known here. */
  void jumpedTo(long index) {
    changes.clear();
    bytes = 0;
    completeFrom = index + 1;
    for (Watcher watcher : watchers) {
      watcher.onGap.accept(completeFrom);
    }
  }

  private static long size(Happening change) {
    int value = change.value() == null ? 0 : change.value().length;
    return change.key().length + value + OVERHEAD_BYTES;
  }
}
