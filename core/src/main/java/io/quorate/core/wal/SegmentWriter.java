package io.quorate.core.wal;

import io.quorate.core.Metrics;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Writes and syncs what has gathered, batch by batch. Its state belongs to the writer executor, but
 * for the prepared segment, which the lock guards.
 */
final class SegmentWriter implements Runnable {
  private final SharedLog log;
  private final Metrics.Counter writtenBytes;
  private final Metrics.Histogram syncNanos;
  private Staging.Batch batch;
  private int part;
  private Segment current;
  private Segment spare;
  private boolean waiting;

  SegmentWriter(SharedLog log, Segment current, Optional<Segment> spare) {
    this.log = log;
    this.current = current;
    this.spare = spare.orElse(null);
    String directory = log.world.directory();
    this.writtenBytes = log.world.metrics().counter("wal_written_bytes", "log", directory);
    this.syncNanos = log.world.metrics().histogram("wal_sync_nanos", "log", directory);
  }

  @Override
  public void run() {
    if (log.failure().isPresent()) {
      return;
    }
    try {
      step();
    } catch (StorageException e) {
      log.fail(e);
    } catch (RuntimeException e) {
      log.fail(new StorageException("the log's writer failed: " + e, e));
    }
  }

  /** Whether a segment is prepared ahead; before anything runs. */
  boolean hasSpare() {
    return spare != null;
  }

  /** The next segment is ready to be used. */
  void prepared(Segment segment) {
    boolean wake;
    log.lock.lock();
    try {
      spare = segment;
      wake = waiting;
      waiting = false;
    } finally {
      log.lock.unlock();
    }
    if (wake) {
      log.runWriter();
    }
  }

  /** All is written, and nothing will follow: makes the last MARKER durable too. */
  void finish() {
    current.file.force(false);
  }

  /** Closes the segment prepared ahead; nothing runs any more. */
  void release() {
    if (spare != null) {
      spare.file.close();
    }
  }

  private void step() {
    if (batch == null) {
      batch = log.takeBatch().orElse(null);
      part = 0;
    }
    if (batch == null) {
      return;
    }
    for (; part < batch.parts().size(); part++) {
      Staging.Part next = batch.parts().get(part);
      if (!isReady(next)) {
        return;
      }
      write(next);
    }
    log.recycle(batch);
    batch = null;
    log.runWriterAfterTurn();
  }

  private void write(Staging.Part next) {
    current = next.segment();
    StorageFile file = current.file;
    int bytes = next.to() - next.from();
    file.write(
        next.position() - current.base,
        ByteBuffer.wrap(batch.bytes().array(), next.from(), bytes));
    writtenBytes.add(bytes);
    if (!batch.markerOnly()) {
      long begin = log.world.clock().monotonicNanos();
      file.force(false);
      syncNanos.record(log.world.clock().monotonicNanos() - begin);
      log.synced(next.end());
    }
  }

  /**
   * Whether the segment has a file, and if the part ends it, whether the next one has: a segment
   * that is sealed always has a successor on disk, so that a missing one is noticed.
   */
  private boolean isReady(Staging.Part next) {
    boolean taken = false;
    log.lock.lock();
    try {
      if (next.segment().file == null && spare != null) {
        next.segment().file = spare.file;
        spare = null;
        taken = true;
      }
      waiting = next.segment().file == null || (next.sealed() && spare == null);
      if (waiting) {
        log.world.faults().reached("wal.wait-for-segment");
      }
      return !waiting;
    } finally {
      log.lock.unlock();
      if (taken) {
        log.prepareNext();
      }
    }
  }
}
