package io.quorate.replication.local;

import io.quorate.core.EventLoop;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.StorageException;
import java.util.concurrent.Executor;

/**
 * Collects garbage: copies what is still the newest from the oldest segment to the end of the log,
 * a piece at a time, then deletes the segment once the copies are durable.
 *
 * <p>Oldest first keeps the order of the log: when a segment goes, nothing older is left that a
 * forgotten key's record in it would have to silence. Runs when more than half of the log is garbage,
 * so each byte is copied about once on average. State belongs to the loop.
 */
final class Merge {
  private static final int CHUNK_BYTES = 256 << 10;

  private final LogStructuredStore store;
  private final SegmentFiles files;
  private final Executor reads;
  private final EventLoop loop;
  private final LocalOptions options;
  private boolean running;

  Merge(
      LogStructuredStore store,
      SegmentFiles files,
      Executor reads,
      EventLoop loop,
      LocalOptions options) {
    this.store = store;
    this.files = files;
    this.reads = reads;
    this.loop = loop;
    this.options = options;
  }

  /** Starts if there is enough garbage. */
  void consider() {
    int oldest = files.oldest();
    if (running || oldest == 0) {
      return;
    }
    long garbage = store.logBytes() - store.liveBytes() - options.segmentBytes();
    if (oldest < store.tailSegment() && garbage > store.liveBytes() + options.segmentBytes()) {
      running = true;
      next(oldest, RecordFormat.SEGMENT_HEADER_BYTES);
    }
  }

  private void next(int segment, int offset) {
    reads.execute(
        () -> {
          SegmentFiles.Chunk chunk;
          try {
            chunk = files.readGroups(segment, offset, CHUNK_BYTES);
          } catch (CorruptionException e) {
            loop.execute(
                () -> {
                  running = false;
                  store.damaged(e);
                });
            return;
          } catch (StorageException e) {
            loop.execute(() -> store.fail(e));
            return;
          }
          loop.execute(() -> copy(segment, offset, chunk));
        });
  }

  private void copy(int segment, int offset, SegmentFiles.Chunk chunk) {
    if (store.hasFailed()) {
      return;
    }
    for (SegmentFiles.Located located : chunk.records()) {
      if (!located.record().isForgotten()
          && store.isAt(located.record().key(), segment, located.offset())) {
        store.append(located.record().key(), located.record().cell());
      }
    }
    if (chunk.isLast()) {
      store.whenDurable(
          store.lastSequence(),
          () ->
              store.deleteSegment(
                  segment,
                  () -> {
                    running = false;
                    consider();
                  }));
    } else {
      long bytes = Math.max(1, (long) chunk.nextOffset() - offset);
      long pauseNanos = bytes * 1_000_000_000L / options.mergeBytesPerSecond();
      loop.schedule(pauseNanos, () -> next(segment, chunk.nextOffset()));
    }
  }
}
